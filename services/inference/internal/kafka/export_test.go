package kafka

// LastStates are those that a new owner begins with.
var LastStates = lastStates

// Behind tells whether a state that doesn't count stands after one.
func Behind(s stored) bool { return s.behind }
