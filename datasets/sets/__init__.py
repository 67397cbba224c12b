"""The data sets, one file each; names with an underscore are shared pieces."""
