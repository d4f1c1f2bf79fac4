package chaos

import (
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/prometheus/procfs"
)

// cpu is the processor time of everything that a night runs, by part; where the system doesn't tell, it is nothing.
type cpu struct {
	r    *rig
	at   time.Time
	used map[string]float64
}

func newCPU(r *rig) *cpu { return &cpu{r: r} }

func (c *cpu) mark() { c.at, c.used = time.Now(), c.now() }

// now is what each part has used so far. A process that was started anew counts from nothing.
func (c *cpu) now() map[string]float64 {
	used := map[string]float64{}
	add := func(part string, pid int) {
		if p, err := procfs.NewProc(pid); err == nil {
			if s, err := p.Stat(); err == nil {
				used[part] += s.CPUTime()
			}
		}
	}
	for _, p := range c.r.Replicas {
		add(p.Service, p.Pid())
	}
	add("Kafka", c.r.Kafka.Pid())
	add("Redis", c.r.Redis.Pid())
	add("stand-ins", os.Getpid())
	return used
}

// since is what each part has used a second since the mark.
func (c *cpu) since() string {
	now, sum := c.now(), 0.0
	var parts []string
	for _, part := range append(append([]string{}, services...), "Kafka", "Redis", "stand-ins") {
		v := (now[part] - c.used[part]) / time.Since(c.at).Seconds()
		sum += v
		parts = append(parts, fmt.Sprintf("%s %.2f", part, v))
	}
	return fmt.Sprintf("%s; together %.2f", strings.Join(parts, ", "), sum)
}
