package main

import (
	"fmt"
	"runtime/debug"
	"strings"
	"time"

	"gvisor.dev/gvisor/pkg/tcpip/transport/tcp"
)

const module = "gvisor.dev/gvisor"

func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	for _, dependency := range info.Deps {
		if dependency.Path == module {
			return strings.TrimPrefix(dependency.Version, "v")
		}
	}
	return "unknown"
}

// What the stack's constants say of it. Timers are exact, and what it answers it answers at once: there are
// no delayed ACKs.
func (a *agent) claim() {
	// newHandshake: the interval begins with InitialRTO and is doubled until it is beyond MaxRTO.
	synGivenUp := time.Duration(0)
	for interval := tcp.InitialRTO; interval <= tcp.MaxRTO; interval *= 2 {
		synGivenUp += interval
	}
	claims := []struct {
		name  string
		value any
	}{
		{"name", "gvisor"},
		{"version", version()},
		{"clock", "virtual"},
		{"tick", microseconds(time.Millisecond)},
		{"step", microseconds(time.Millisecond)},
		{"reaction", 0},
		{"msl", microseconds(tcp.DefaultTCPTimeWaitTimeout / 2)},
		{"throttle", microseconds(500 * time.Millisecond)}, // stack.defaultTCPInvalidRateLimit
		{"patience", microseconds(tcp.MaxRTO)},
		{"r2-syn", microseconds(synGivenUp)},
		// retransmitTimerExpired: given up at the timeout that follows MaxRetries retransmissions.
		{"r2-data", microseconds((tcp.MaxRetries + 2) * tcp.MaxRTO)},
		{"mss", mtu - 40},
		{"listener-persists", "yes"},
		{"iut-address", "10.0.0.1"},
		{"tester-address", "10.0.0.2"},
		{"calls", "open-passive open-active accept send receive close close-full abort status"},
	}
	for _, claim := range claims {
		fmt.Fprintln(a.out, "claim", claim.name, claim.value)
	}
}

func microseconds(d time.Duration) int64 { return d.Microseconds() }
