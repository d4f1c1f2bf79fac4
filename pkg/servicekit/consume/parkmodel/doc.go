// Package parkmodel holds no code but a model of how package consume parks keys, and a test that walks through
// every state that the model can reach: one partition, one topic with its retry topic, the claims, an owner and
// the one before it, which may have been only paused.
//
// The model says what consume does in the fewest words; whoever changes a rule there changes it here. For each
// rule there is a variant without it, which must be found out: a check that finds nothing proves nothing.
package parkmodel
