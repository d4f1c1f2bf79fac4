package kafka

// LastStates are those that a new owner begins with.
var LastStates = lastStates
