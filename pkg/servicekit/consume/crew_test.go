package consume

import (
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
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
			if n := c.idle.Load(); n != 2 {
				t.Errorf("%d goroutines are kept, want 2", n)
			}
		}
		if ran.Load() != 30 {
			t.Errorf("%d of 30 ran", ran.Load())
		}
		c.dismiss()
	}) // ends only when no goroutine is left
}
