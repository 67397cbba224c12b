"""What every folder uses: errors, commands, files, the cache, threads."""
