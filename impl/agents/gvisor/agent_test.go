package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"time"
)

// As the child that supervise starts, this program is a stack that panics on a goroutine of its own.
func TestMain(m *testing.M) {
	if os.Getenv(childMark) != "" {
		go panic("planted")
		select {}
	}
	os.Exit(m.Run())
}

func TestAPanicOnAnyGoroutineIsToldAsACrash(t *testing.T) {
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout := os.Stdout
	os.Stdout = write
	status := supervise()
	os.Stdout = stdout
	write.Close()
	said, _ := io.ReadAll(read)
	if status == 0 || string(said) != "crashed panic: planted\n" {
		t.Errorf("expected a crash that says \"planted\", found status %d and %q", status, said)
	}
}

func TestTimersOfOneInstantRunInTheOrderInWhichTheyWereSet(t *testing.T) {
	var c clock
	var order []string
	note := func(name string) func() { return func() { order = append(order, name) } }
	moved := c.AfterFunc(1*time.Second, note("moved"))
	for i := range 5 {
		c.AfterFunc(2*time.Second, note(fmt.Sprint(i)))
	}
	stopped := c.AfterFunc(2*time.Second, note("stopped"))
	c.AfterFunc(1*time.Second, note("first"))
	moved.Reset(2 * time.Second)
	if !stopped.Stop() || stopped.Stop() {
		t.Error("expected a timer that can be stopped once")
	}
	for c.fire(2 * time.Second) {
	}
	if got := strings.Join(order, " "); got != "first 0 1 2 3 4 moved" {
		t.Errorf("expected first 0 1 2 3 4 moved, found %s", got)
	}
	if c.now != 2*time.Second {
		t.Errorf("expected the time of the last timer, found %v", c.now)
	}
}

func TestNothingSeemsToComeBeforeItIsDue(t *testing.T) {
	c := clock{now: 1500 * time.Nanosecond}
	if got := c.microseconds(); got != 2 {
		t.Errorf("expected 2, found %d", got)
	}
}

// What one case leaves behind would be seen in the next one: the same conversation has to sound the same.
func TestACaseLeavesNothingBehind(t *testing.T) {
	hear := func(lines ...string) string {
		var said strings.Builder
		out := bufio.NewWriter(&said)
		serve(strings.NewReader(strings.Join(lines, "\n")+"\n"), out)
		return said.String()
	}
	once := []string{"reset 7", "call open-active 1 1000 2000", "call open-passive 2 80 8", "advance 200000000"}
	alone := hear(once...)
	twice := hear(append(append([]string{}, once...), once...)...)
	if twice != alone+alone {
		t.Errorf("expected twice\n%s\nfound\n%s", alone, twice)
	}
	if strings.Count(alone, "datagram") != 7 || !strings.Contains(alone, "failed 127000000 1 timed-out") {
		t.Errorf("expected a SYN, six more and a failure after 127 s, found\n%s", alone)
	}
	other := hear(append([]string{"reset 8"}, once[1:]...)...)
	if other == alone {
		t.Error("expected another ISS for another seed")
	}
}
