"""What is stored: runs, measurements, tables of pictures, and the keys that decide what may be reused."""
