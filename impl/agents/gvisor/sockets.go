package main

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"slices"

	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv4"
	"gvisor.dev/gvisor/pkg/tcpip/transport/tcp"
	"gvisor.dev/gvisor/pkg/waiter"
)

// socket is what the user has of an endpoint.
type socket struct {
	name       uint64
	endpoint   tcpip.Endpoint
	queue      *waiter.Queue
	connecting bool // an active OPEN that was not answered yet
	told       bool // the user knows how it ended
}

func (s *socket) state() tcp.EndpointState { return tcp.EndpointState(s.endpoint.State()) }

func (s *socket) ended() bool { return s.state() == tcp.StateClose || s.state() == tcp.StateError }

func (s *socket) handshakes() bool {
	switch s.state() {
	case tcp.StateConnecting, tcp.StateSynSent, tcp.StateSynRecv:
		return true
	}
	return false
}

// stateName is the RFC's name. The stack has states for sockets that are no connection, and for those that
// were ended by an error.
func (s *socket) stateName() string {
	switch s.state() {
	case tcp.StateSynRecv:
		return "SYN-RECEIVED"
	case tcp.StateFinWait1:
		return "FIN-WAIT-1"
	case tcp.StateFinWait2:
		return "FIN-WAIT-2"
	case tcp.StateInitial, tcp.StateBound, tcp.StateConnecting, tcp.StateError:
		return "CLOSED"
	default:
		return s.state().String()
	}
}

// result is what an error is to the user.
func result(err tcpip.Error) string {
	switch err.(type) {
	case nil:
		return "ok"
	case *tcpip.ErrWouldBlock, *tcpip.ErrConnectStarted, *tcpip.ErrAlreadyConnecting:
		return "pending"
	case *tcpip.ErrConnectionRefused:
		return "refused"
	case *tcpip.ErrConnectionReset, *tcpip.ErrConnectionAborted, *tcpip.ErrAborted:
		return "reset"
	case *tcpip.ErrTimeout, *tcpip.ErrHostUnreachable, *tcpip.ErrNetworkUnreachable:
		return "timed-out"
	case *tcpip.ErrClosedForReceive, *tcpip.ErrClosedForSend:
		return "closing"
	case *tcpip.ErrNotConnected:
		return "no-connection"
	case *tcpip.ErrPortInUse, *tcpip.ErrAlreadyConnected, *tcpip.ErrAlreadyBound, *tcpip.ErrDuplicateAddress,
		*tcpip.ErrBadLocalAddress: // what Connect says of a pair of ports that is in use
		return "exists"
	case *tcpip.ErrNoBufferSpace:
		return "no-resources"
	case *tcpip.ErrInvalidEndpointState, *tcpip.ErrBadBuffer, *tcpip.ErrInvalidOptionValue:
		return "invalid"
	default:
		return "error"
	}
}

// call does a user call, and gives its result with what belongs to it.
func (n *netstack) call(words []string) string {
	name := number(words, 2)
	var answer string
	switch what := word(words, 1); what {
	case "open-passive":
		answer = n.openPassive(name, uint16(number(words, 3)), int(number(words, 4)))
	case "open-active":
		answer = n.openActive(name, uint16(number(words, 3)), uint16(number(words, 4)))
	default:
		s := n.find(name)
		if s == nil {
			return "no-connection"
		}
		answer = n.callOn(s, what, words)
	}
	n.settle()
	return answer
}

func (n *netstack) callOn(s *socket, what string, words []string) string {
	switch what {
	case "accept":
		return n.accept(s, number(words, 3))
	case "send":
		return send(s, octets(words, 3))
	case "receive":
		return receive(s, int(number(words, 3)))
	case "close":
		s.told = s.told || s.handshakes() // the end that follows is the user's own doing
		return result(s.endpoint.Shutdown(tcpip.ShutdownWrite))
	case "close-full":
		n.forget(s)
		s.endpoint.Close()
		return "ok"
	case "abort":
		n.forget(s)
		s.endpoint.Abort()
		s.endpoint.Close()
		return "ok"
	case "status":
		return "ok " + s.stateName()
	default:
		return malformed("a user call", what)
	}
}

// bound gives a new socket with a port of its own; "ok" or why there is none.
func (n *netstack) bound(name uint64, port uint16) (*socket, string) {
	if former := n.find(name); former != nil && !former.ended() {
		return nil, "exists"
	}
	queue := new(waiter.Queue)
	endpoint, err := n.stack.NewEndpoint(tcp.ProtocolNumber, ipv4.ProtocolNumber, queue)
	if err != nil {
		return nil, result(err)
	}
	endpoint.SocketOptions().SetReuseAddress(true) // as servers do, lest a TIME-WAIT keeps them out
	if port != 0 {
		if err := endpoint.Bind(tcpip.FullAddress{Addr: own, Port: port}); err != nil {
			endpoint.Close()
			return nil, result(err)
		}
	}
	return &socket{name: name, endpoint: endpoint, queue: queue}, "ok"
}

func (n *netstack) openPassive(name uint64, port uint16, backlog int) string {
	s, why := n.bound(name, port)
	if s == nil {
		return why
	}
	if err := s.endpoint.Listen(backlog); err != nil {
		s.endpoint.Close()
		return result(err)
	}
	// The stack says "readable" once for each child.
	entry := waiter.NewFunctionEntry(waiter.ReadableEvents, func(waiter.EventMask) {
		if s.name != 0 {
			n.tell("acceptable", s.name)
		}
	})
	s.queue.EventRegister(&entry)
	n.add(s)
	return "ok"
}

func (n *netstack) openActive(name uint64, port, remote uint16) string {
	s, why := n.bound(name, port)
	if s == nil {
		return why
	}
	err := s.endpoint.Connect(tcpip.FullAddress{Addr: peer, Port: remote})
	if _, started := err.(*tcpip.ErrConnectStarted); !started {
		s.endpoint.Close()
		return result(err)
	}
	s.connecting = true
	n.add(s)
	return "pending"
}

func (n *netstack) accept(listener *socket, name uint64) string {
	if former := n.find(name); former != nil && !former.ended() {
		return "exists"
	}
	endpoint, queue, err := listener.endpoint.Accept(nil)
	if err != nil {
		return result(err)
	}
	child := &socket{name: name, endpoint: endpoint, queue: queue}
	child.told = child.ended() // what ended before it was accepted is told by the first call
	n.add(child)
	return "ok"
}

func send(s *socket, text []byte) string {
	count, err := s.endpoint.Write(bytes.NewReader(text), tcpip.WriteOptions{})
	if err != nil {
		return result(err)
	}
	return fmt.Sprint("ok ", count)
}

func receive(s *socket, count int) string {
	text := make([]byte, count)
	room := tcpip.SliceWriter(text)
	got, err := s.endpoint.Read(&room, tcpip.ReadOptions{})
	if err != nil {
		return result(err)
	}
	if got.Count == 0 {
		return "ok -"
	}
	return "ok " + hex.EncodeToString(text[:got.Count])
}

func (n *netstack) find(name uint64) *socket {
	for _, s := range slices.Backward(n.sockets) {
		if s.name == name && name != 0 {
			return s
		}
	}
	return nil
}

// add replaces whatever ended under the same name.
func (n *netstack) add(s *socket) {
	if former := n.find(s.name); former != nil {
		n.forget(former)
		former.endpoint.Close()
	}
	n.sockets = append(n.sockets, s)
}

// forget takes the name away: the user cannot be told of this socket any more.
func (n *netstack) forget(s *socket) { s.name, s.told = 0, true }

// review tells what has become of the sockets since it was looked at them last.
func (n *netstack) review() {
	for _, s := range n.sockets {
		if s.name == 0 {
			continue
		}
		if s.connecting && !s.handshakes() {
			s.connecting = false
			if !s.ended() {
				n.tell("opened", s.name)
			}
		}
		if !s.told && s.ended() {
			s.told = true
			if why := s.endpoint.LastError(); why != nil {
				n.tell("failed", s.name, result(why))
			}
		}
	}
}
