package main

import (
	"bufio"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"time"

	"gvisor.dev/gvisor/pkg/buffer"
	systemrand "gvisor.dev/gvisor/pkg/rand"
	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/header"
	"gvisor.dev/gvisor/pkg/tcpip/link/channel"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv4"
	"gvisor.dev/gvisor/pkg/tcpip/stack"
	"gvisor.dev/gvisor/pkg/tcpip/transport/tcp"
)

const (
	nic = 1
	mtu = 1500
)

var (
	own  = tcpip.AddrFrom4([4]byte{10, 0, 0, 1})
	peer = tcpip.AddrFrom4([4]byte{10, 0, 0, 2})
)

// link tells of each packet when the stack sends it.
type link struct {
	*channel.Endpoint
	stack *netstack
}

func (l *link) WritePackets(packets stack.PacketBufferList) (int, tcpip.Error) {
	for _, packet := range packets.AsSlice() {
		view := packet.ToView()
		l.stack.tell("datagram", hex.EncodeToString(view.AsSlice()))
		view.Release()
	}
	return packets.Len(), nil
}

// netstack is a stack that lives for one case.
type netstack struct {
	clock   clock
	stack   *stack.Stack
	link    *link
	out     *bufio.Writer // nil: the case is over, and nobody is told
	sockets []*socket     // in the order in which they came
}

func newNetstack(seed uint64, out *bufio.Writer) *netstack {
	var key [32]byte
	binary.LittleEndian.PutUint64(key[:], seed)
	chance := rand.NewChaCha8(key)
	systemrand.Reader = chance // IPv4 identifications are drawn from here whatever the stack is given
	n := &netstack{out: out}
	n.stack = stack.New(stack.Options{
		NetworkProtocols:   []stack.NetworkProtocolFactory{ipv4.NewProtocol},
		TransportProtocols: []stack.TransportProtocolFactory{tcp.NewProtocol},
		Clock:              &n.clock,
		SecureRNG:          chance,
	})
	n.link = &link{channel.New(0, mtu, ""), n}
	n.configure()
	return n
}

// Everything is left as it is by default but for what would make it depend on more than the RFC: SACK is not
// judged, and a receive buffer that grows has no size to claim.
func (n *netstack) configure() {
	sack, moderate := tcpip.TCPSACKEnabled(false), tcpip.TCPModerateReceiveBufferOption(false)
	must(n.stack.SetTransportProtocolOption(tcp.ProtocolNumber, &sack))
	must(n.stack.SetTransportProtocolOption(tcp.ProtocolNumber, &moderate))
	must(n.stack.CreateNIC(nic, n.link))
	must(n.stack.AddProtocolAddress(nic, tcpip.ProtocolAddress{
		Protocol:          ipv4.ProtocolNumber,
		AddressWithPrefix: tcpip.AddressWithPrefix{Address: own, PrefixLen: 24},
	}, stack.AddressProperties{}))
	n.stack.SetRouteTable([]tcpip.Route{{Destination: header.IPv4EmptySubnet, NIC: nic}})
}

func must(err tcpip.Error) {
	if err != nil {
		panic(fmt.Sprint("the stack cannot be set up: ", err))
	}
}

// end leaves nothing that could still act in the next case.
func (n *netstack) end() {
	n.out = nil
	n.barrier()
	for _, s := range n.sockets {
		s.endpoint.Abort()
		s.endpoint.Close()
	}
	n.stack.Close()
	n.tcp().Wait()
	tcpip.ReleaseDanglingEndpoints()
}

func (n *netstack) tcp() stack.TransportProtocol {
	return n.stack.TransportProtocolInstance(tcp.ProtocolNumber)
}

// barrier returns when the stack's goroutines have nothing left to do: each pauses only when its queue is
// empty.
func (n *netstack) barrier() {
	protocol := n.tcp()
	protocol.Pause()
	protocol.Resume()
}

// settle returns when nothing more happens at this instant, and tells of what became of the sockets.
func (n *netstack) settle() {
	n.barrier()
	for n.clock.fire(n.clock.now) {
		n.barrier()
	}
	n.review()
}

func (n *netstack) deliver(packet []byte) {
	buffer := stack.NewPacketBuffer(stack.PacketBufferOptions{Payload: buffer.MakeWithData(packet)})
	n.link.InjectInbound(header.IPv4ProtocolNumber, buffer)
	buffer.DecRef()
	n.settle()
}

// advance begins with a stack that is quiet, as every request leaves it.
func (n *netstack) advance(by uint64) {
	target := n.clock.now + time.Duration(by)*time.Microsecond
	for n.clock.fire(target) {
		n.settle()
	}
	n.clock.now = target
}

// tell writes an observation.
func (n *netstack) tell(what string, about ...any) {
	if n.out == nil {
		return
	}
	fmt.Fprintln(n.out, append([]any{what, n.clock.microseconds()}, about...)...)
}
