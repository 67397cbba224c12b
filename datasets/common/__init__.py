"""What every folder uses: errors, commands, files, hashes, the cache, threads. Nothing here knows what a picture is."""
