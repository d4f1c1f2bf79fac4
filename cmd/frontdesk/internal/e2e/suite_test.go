package e2e_test

import (
	"fmt"
	"os"
	"slices"
	"testing"
)

// What a stack stands on is chosen for the whole suite, by the variable FRONTDESK_E2E_PARTS.
const (
	partsVariable = "FRONTDESK_E2E_PARTS"
	// embedded is the all-in-one: Kafka, Redis and services in this process.
	embedded = ""
	// plain is an Apache Kafka, a Redis and the services in processes of their own; secured is the same with TLS and passwords.
	plain   = "plain"
	secured = "secured"
)

var setting = os.Getenv(partsVariable)

// suite are the tests, and on which parts each makes sense.
var suite = []struct {
	name string
	on   []string
	test func(*testing.T)
}{
	{"every sample call comes out as it says", []string{embedded, plain, secured}, everySampleCallComesOutAsItSays},
	{"a dropped chunk shows", []string{embedded, plain}, aDroppedChunkShows},
	{"what can't come right is not waited for", []string{embedded, plain}, whatCantComeRightIsNotWaitedFor},
	{"a restart keeps everything", []string{embedded, plain}, aRestartKeepsEverything},
	// One process: it is killed as a whole, its folder can be full, its start can be called off.
	{"killed in the middle", []string{embedded}, killedInTheMiddle},
	{"a full data folder ends the stack", []string{embedded}, aFullDataFolderEndsTheStack},
	{"the carrier outlives the signal", []string{embedded}, theCarrierOutlivesTheSignal},
	{"a wrong mapping is the tenant's", []string{embedded}, aWrongMappingIsTheTenants},
	{"check on the whole stack", []string{embedded}, checkOnTheWholeStack},
	{"reconciliation", []string{embedded}, reconciliation},
	{"dead letters are mended", []string{embedded}, deadLettersAreMended},
	// Processes of their own: one can go while the others stay, and strangers can look on.
	{"a foreign client reads every topic", []string{plain, secured}, aForeignClientReadsEveryTopic},
	{"a rollout costs nothing", []string{plain}, aRolloutCostsNothing},
	{"each process is killed in the middle", []string{plain}, eachProcessIsKilledInTheMiddle},
	{"a crash costs no word", []string{plain}, aCrashCostsNoWord},
	{"sixty calls at once at the speed of life", []string{plain}, sixtyCallsAtOnce},
}

func TestMain(m *testing.M) {
	if os.Getenv(childPorts) != "" {
		os.Exit(child())
	}
	if !slices.Contains([]string{embedded, plain, secured}, setting) {
		fmt.Fprintf(os.Stderr, "%s=%s: want %s or %s, or nothing for the all-in-one\n", partsVariable, setting, plain, secured)
		os.Exit(2)
	}
	os.Exit(m.Run())
}

func TestCalls(t *testing.T) {
	t.Parallel()
	for _, c := range suite {
		if !slices.Contains(c.on, setting) {
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			if setting == embedded {
				t.Parallel() // real parts are ten processes, and take all that a machine has
			}
			c.test(t)
		})
	}
}
