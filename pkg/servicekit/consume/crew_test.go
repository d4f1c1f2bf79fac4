package consume

import (
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestACrewRunsEverythingAndKeepsAFew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCrew(2)
		var ran atomic.Int32
		var wg sync.WaitGroup
		for range 3 {
			block := make(chan struct{})
			wg.Add(10)
			for range 10 {
				c.run(func() {
					<-block
					ran.Add(1)
					wg.Done()
				})
			}
			close(block) // all ten were under way at once: a crew never waits
			wg.Wait()
			synctest.Wait()
			if n := len(c.idle); n != 2 {
				t.Errorf("%d goroutines are kept, want 2", n)
			}
		}
		if ran.Load() != 30 {
			t.Errorf("%d of 30 ran", ran.Load())
		}
		c.dismiss()
	}) // ends only when no goroutine is left
}

// TestACrewThatHasLessToDoGoes: after a minute with a hundred at once, one at a time is done by one.
func TestACrewThatHasLessToDoGoes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCrew(1000)
		block := make(chan struct{})
		for range 100 {
			c.run(func() { <-block })
		}
		close(block)
		synctest.Wait()
		if n := len(c.idle); n != 100 {
			t.Errorf("%d goroutines are kept at once, want 100", n)
		}
		for range 200 {
			time.Sleep(time.Second)
			c.run(func() {})
			synctest.Wait()
		}
		if n := len(c.idle); n != 1 {
			t.Errorf("%d goroutines are kept for one function a second, want 1", n)
		}
		c.dismiss()
	})
}
