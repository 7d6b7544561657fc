package data

// ReadCIFAR10 reads CIFAR-10 from files of any number of records, so that tests can use small ones.
var ReadCIFAR10 = readCIFAR10

// ReadRecords reads the records of one file.
var ReadRecords = readRecords
