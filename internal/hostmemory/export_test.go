package hostmemory

// FreeIn is Free in a file system in place of the host's.
var FreeIn = free
