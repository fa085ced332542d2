// An agent for finwait: gVisor's netstack in virtual time.
//
// impl/agent/protocol.h says what an agent is asked and answers. This file is the conversation and the process;
// stack.go is what the stack stands on, sockets.go the user calls, clock.go the time.
package main

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"

	"gvisor.dev/gvisor/pkg/log"
)

const childMark = "FINWAIT_GVISOR_CHILD"

func main() {
	if os.Getenv(childMark) == "" {
		os.Exit(supervise())
	}
	runtime.GOMAXPROCS(1)                // the order in which goroutines run decides nothing, and it is faster
	debug.SetGCPercent(400)              // each case leaves a whole stack behind
	log.SetTarget(new(log.MultiEmitter)) // what it warns of depends on real time
	serve(os.Stdin, bufio.NewWriterSize(os.Stdout, 1<<16))
}

// The stack works on goroutines of its own, whose panics nobody can recover. So it runs in a child that has
// this process's stdin and stdout, and what it died of is said in its place.
func supervise() int {
	program, err := os.Executable()
	if err != nil {
		fmt.Fprintln(os.Stderr, "gvisor: cannot find its own program to start the stack:", err)
		return 1
	}
	var last bytes.Buffer
	child := exec.Command(program)
	child.Env = append(os.Environ(), childMark+"=1")
	child.Stdin, child.Stdout, child.Stderr = os.Stdin, os.Stdout, io.MultiWriter(os.Stderr, &last)
	err = child.Run()
	if err == nil {
		return 0
	}
	for _, line := range strings.Split(last.String(), "\n") {
		if strings.HasPrefix(line, "panic: ") || strings.HasPrefix(line, "fatal error: ") {
			fmt.Println("crashed", line)
			break
		}
	}
	fmt.Fprintln(os.Stderr, "gvisor: the stack's process:", err)
	return 1
}

func serve(in io.Reader, out *bufio.Writer) {
	agent := &agent{out: out}
	lines := bufio.NewReaderSize(in, 1<<16)
	for {
		line, err := lines.ReadString('\n')
		if err == io.EOF {
			return
		}
		if err != nil {
			panic(err)
		}
		fmt.Fprintln(out, agent.answer(strings.Fields(line)))
		if out.Flush() != nil {
			return // nobody listens any more
		}
	}
}

// agent holds the case that is running.
type agent struct {
	out   *bufio.Writer
	stack *netstack
}

// answer does what a request asks, and gives the last line of its answer.
func (a *agent) answer(words []string) string {
	if len(words) == 0 {
		return malformed("a request", "an empty line")
	}
	switch words[0] {
	case "hello":
		a.claim()
		return "ok"
	case "reset":
		if a.stack != nil {
			a.stack.end()
		}
		a.stack = newNetstack(number(words, 1), a.out)
		return "ok"
	}
	if a.stack == nil {
		return malformed("reset first", words[0])
	}
	switch words[0] {
	case "call":
		return a.stack.call(words)
	case "deliver":
		a.stack.deliver(octets(words, 1))
	case "advance":
		a.stack.advance(number(words, 1))
	default:
		return malformed("hello, reset, call, deliver or advance", words[0])
	}
	return "ok"
}

// What is no request is finwait's fault, and ends the agent with a text that says so.
func malformed(expected, found string) string {
	fmt.Fprintf(os.Stderr, "gvisor: expected %s, found %q\n", expected, found)
	os.Exit(1)
	return ""
}

func word(words []string, index int) string {
	if index >= len(words) {
		malformed(fmt.Sprintf("%d words or more", index+1), strings.Join(words, " "))
	}
	return words[index]
}

func number(words []string, index int) uint64 {
	text := word(words, index)
	value, err := strconv.ParseUint(text, 0, 64)
	if err != nil {
		malformed("a number", text)
	}
	return value
}

func octets(words []string, index int) []byte {
	text := word(words, index)
	if text == "-" {
		return nil
	}
	value, err := hex.DecodeString(text)
	if err != nil {
		malformed("octets as hexadecimal digits", text)
	}
	return value
}
