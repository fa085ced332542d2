/*
 * One TCP connection between two endpoints, written from RFC 9293's text: every way that the RFC permits, over channels
 * that lose, duplicate and reorder. verification/check-connection.sh runs it.
 *
 * -DSCENARIO=n  1 client-server: A opens passively, B actively     3 as 1, with ABORT and user time-outs
 *               2 simultaneous: both open actively                 4 as 2, with ABORT and user time-outs
 * -DCAPACITY=k  segments in flight at most, each way (default 2)
 * -DLIVENESS    adds the settling and the ltl properties at the end of this file
 * -DFAULT=n     plants a fault that one property has to find
 *
 * Clauses without an RFC are RFC 9293's. What the RFC leaves open is an `if` with several ways, each with its clause.
 * That an answer may also be left out or come later is no way of its own: any segment may be lost or late. What cannot
 * arrive here is asserted, not written down. A way marked RUN is not taken while settling.
 */
#ifndef SCENARIO
#define SCENARIO 1
#endif
#ifndef CAPACITY
#define CAPACITY 2
#endif
#ifndef FAULT
#define FAULT 0
#endif
#define ABORTS (SCENARIO >= 3)
#define SERVER (SCENARIO % 2 == 1 && me == 0) /* this endpoint opens passively */

#define CLOSED       0
#define LISTEN       1
#define SYN_SENT     2
#define SYN_RECEIVED 3
#define ESTABLISHED  4
#define FIN_WAIT_1   5
#define FIN_WAIT_2   6
#define CLOSE_WAIT   7
#define CLOSING      8
#define LAST_ACK     9
#define TIME_WAIT    10

/* A segment: flags, SEG.SEQ (4 bits), SEG.ACK (4 bits; 0 with ACK off). TXT: it carries the one octet of text. */
#define RST 256
#define SYN 512
#define ACK 1024
#define FIN 2048
#define TXT 4096
#define HAS(f)  ((seg & (f)) != 0)
#define SEG_SEQ (seg & 15)
#define SEG_ACK ((seg >> 4) & 15)
#define SEG_LEN (HAS(SYN) + HAS(TXT) + HAS(FIN)) /* 3.4: SYN and FIN count */

/* Numbers: A's SYN, octet, FIN are 1, 2, 3, B's 6, 7, 8. None of one side's numbers, nor 0, is in a window over the
 * other's, and nothing wraps. The window never closes and takes all that a peer can send. */
#define ISS(i)    (1 + 5 * (i))
#define OCTET(i)  (ISS(i) + 1)
#define FIN_NO(i) (OCTET(i) + t[i].sent)
#define RCV_WND   3
#define IN_WINDOW(x) (T.rcv <= (x) && (x) < T.rcv + RCV_WND)

typedef Tcb {
  unsigned st : 4;
  bit opened, sent, closed, aborted; /* the user's calls: OPEN, SEND of one octet, CLOSE, ABORT */
  bit passive;                       /* SYN-RECEIVED came from LISTEN (MUST-11) */
  unsigned una : 4;                  /* SND.UNA */
  unsigned nxt : 4;                  /* SND.NXT; outlives the TCB: what was sent remains sent */
  unsigned rcv : 4;                  /* RCV.NXT; 0: not synchronized */
  unsigned kept : 2;                 /* text of a SYN: 1 kept for later, 2 and acknowledged */
  bit got;                           /* the peer's octet was given to the user */
  short held;                        /* a segment above RCV.NXT, held for later (SHLD-31) */
};
Tcb t[2]; /* 0 is A, 1 is B */
typedef Wire {
  short s[CAPACITY]; /* a set: in descending order, 0 where nothing is */
};
Wire net[2]; /* net[i]: what i has sent and is in flight */

#define me _pid
#define ot (1 - _pid)
#define T  t[me]
#define P  t[ot]
#define UNSENT(i) ((t[i].st == ESTABLISHED || t[i].st == FIN_WAIT_1 || t[i].st == CLOSE_WAIT || t[i].st == CLOSING) \
                   && t[i].nxt < OCTET(i) + t[i].sent + t[i].closed)
#define OUTSTANDING(i) (t[i].st >= SYN_SENT && t[i].una < t[i].nxt)
#define DUE(i)    (UNSENT(i) || OUTSTANDING(i) || t[i].st == TIME_WAIT)
#define QUIET_NET (net[0].s[0] == 0 && net[1].s[0] == 0)
#ifdef LIVENESS
bit settling, turn;
#define RUN      (!settling)
#define TIMER    (RUN || (QUIET_NET && (turn == me || !DUE(ot))))
#define END_TURN turn = (settling -> ot : 0)
#else
#define RUN      true
#define settling false
#define TIMER    true
#define END_TURN skip
#endif

/* The pairs of states that were seen are printed at the end of a run; a replay (pan -r) prints each step. */
c_decl {
  static unsigned char seen[11][11];
  static const char *const state_name[] = {"CLOSED", "LISTEN", "SYN-SENT", "SYN-RECEIVED", "ESTABLISHED", "FIN-WAIT-1",
                                           "FIN-WAIT-2", "CLOSE-WAIT", "CLOSING", "LAST-ACK", "TIME-WAIT"};
  static void print_segment(int x) {
    printf(" <%s%s%s%s%s seq %d ack %d>", x & 512 ? "S" : "", x & 2048 ? "F" : "", x & 256 ? "R" : "",
           x & 4096 ? "P" : "", x & 1024 ? "." : "", x & 15, x >> 4 & 15);
  }
  __attribute__((destructor)) static void print_pairs(void) {
    for (int a = 0; a < 11; a++)
      for (int b = 0; b < 11; b++)
        if (seen[a][b]) printf("pair: %s %s\n", state_name[a], state_name[b]);
  }
};
inline note() {
  c_code {
    seen[now.t[0].st][now.t[1].st] = 1;
    if (readtrail) {
      printf("step: %c %s", 'A' + Pendpoint->_pid, Pendpoint->seg ? "receives" : "acts");
      if (Pendpoint->seg) print_segment(Pendpoint->seg);
      for (int a = 0; a < 2; a++) {
        printf("; %c %s una %d nxt %d rcv %d, in flight", 'A' + a, state_name[now.t[a].st], now.t[a].una, now.t[a].nxt,
               now.t[a].rcv);
        for (int b = 0; b < CAPACITY && now.net[a].s[b]; b++) print_segment(now.net[a].s[b]);
      }
      printf("\n");
    }
  };
}

inline end_event() {
  note();
  seg = 0; take = 0;
  assert(!(T.st == ESTABLISHED && P.st == ESTABLISHED) || /* both only with agreeing numbers */
         (T.una <= P.rcv && P.rcv <= T.nxt && P.una <= T.rcv && T.rcv <= P.nxt))
}

/* Puts a segment in flight: no change if an equal one is, lost if the set is full. */
inline send(flags, seq, ack) {
  d_step {
    out = (flags) | (seq) | ((ack) << 4);
    assert(!((out & RST) && HAS(RST))); /* 3.5.2: no reset in answer to a reset */
    assert((ack) <= P.nxt);             /* 3.8: nothing is acknowledged that was not sent */
    do
    :: i < CAPACITY && net[me].s[i] != out -> i++
    :: else -> break
    od;
    if
    :: i == CAPACITY && net[me].s[CAPACITY - 1] == 0 ->
       i--;
       net[me].s[i] = out;
       do
       :: i > 0 && net[me].s[i] > net[me].s[i - 1] ->
          net[me].s[i] = net[me].s[i - 1];
          net[me].s[i - 1] = out;
          i--
       :: else -> break
       od
    :: else
    fi;
    i = 0; out = 0
  }
}
inline pick() { /* any segment in flight: its place in i */
  do
  :: i < CAPACITY - 1 && net[ot].s[i + 1] != 0 -> i++
  :: break
  od
}
inline remove() {
  d_step {
    do
    :: i < CAPACITY - 1 -> net[ot].s[i] = net[ot].s[i + 1]; i++
    :: else -> break
    od;
    net[ot].s[i] = 0
  }
}

inline send_syn()     { send(SYN, ISS(me), 0) }             /* <SEQ=ISS><CTL=SYN> */
inline send_syn_ack() { send(SYN | ACK, ISS(me) + (FAULT == 7), T.rcv) } /* <SEQ=ISS><ACK=RCV.NXT><CTL=SYN,ACK> */
inline send_ack()     { send(ACK, T.nxt, T.rcv) }           /* <SEQ=SND.NXT><ACK=RCV.NXT><CTL=ACK> */
inline start(state)   { T.una = ISS(me); T.nxt = ISS(me) + 1; T.st = state }
inline forget()       { T.passive = 0; T.una = 0; T.rcv = 0; T.kept = 0; T.got = 0; T.held = 0 }

/* Deletes the TCB: its user is told, or has closed or aborted it. */
inline delete(told) {
  assert((told) || T.closed);
  d_step { T.st = CLOSED; T.closed = 0; T.aborted = 0; forget() }
}

/* A reset on one's own account (3.5.2: a user may issue one "at any time", other causes are "various error
 * conditions"). 3.10.5, 3.10.8: CLOSED; 3.5.2, note 3 of figure 5: the issuer should enter TIME-WAIT. */
inline reset() {
  if
  :: send(RST, T.nxt, 0)                         /* 3.10.5: <SEQ=SND.NXT><CTL=RST> */
  :: T.rcv != 0 -> send(RST | ACK, T.nxt, T.rcv) /* 3.1: ACK is always on once established */
  fi;
  if
  :: delete(true)
  :: T.rcv != 0 -> /* TIME-WAIT answers with RCV.NXT: not from SYN-SENT */
     T.st = TIME_WAIT; T.closed = 1; T.aborted = 1; T.una = T.nxt; T.passive = 0; T.kept = 0; T.got = 0; T.held = 0
  fi
}

inline deliver() {
  assert(P.sent && !T.got); /* the octet that was sent, once */
  assert(T.una > ISS(me));  /* 3.5: not before the connection is established */
  T.got = 1
}

/* SEG.SEQ+1 is expected next. Text of the SYN is dropped (3.10.7.3: a peer "may not accept ... all of the data on the
 * SYN"), kept (3.10.7.2: "queued for processing later"), or kept and acknowledged at once (the same sentence). */
inline take_syn() {
  assert(SEG_SEQ == ISS(ot)); /* IRS = the peer's ISS */
  T.rcv = SEG_SEQ + 1;
  if
  :: true
  :: HAS(TXT) -> T.kept = 1
  :: HAS(TXT) -> T.kept = 2; T.rcv++
  :: FAULT == 13 && HAS(TXT) -> T.rcv++; deliver()
  fi
}

/* What was not sent yet: a CLOSE queued in SYN-RECEIVED, text, FIN after all SENDs, alone or with the text (3.10.4). */
inline send_new() {
  if
  :: T.st == ESTABLISHED && T.closed -> T.st = FIN_WAIT_1
  :: T.sent && T.nxt == OCTET(me) -> send(ACK | TXT, T.nxt, T.rcv); T.nxt++
  :: T.closed && T.st != ESTABLISHED ->
     send(ACK | FIN | (T.nxt < FIN_NO(me) -> TXT : 0), T.nxt, T.rcv);
     T.nxt = FIN_NO(me) + 1;
     T.st = (T.st == CLOSE_WAIT -> LAST_ACK : T.st)
  fi
}

active [2] proctype endpoint() {
  short seg, out; /* scratch, 0 between events: the segment that arrives, the one that leaves */
  byte i;
  unsigned take : 2; /* of the arriving segment: 0 nothing, 1 the ACK, 3 all */
end:
  do
  /* ---- the user ---- */
  :: atomic { RUN && T.st == CLOSED && !T.opened -> /* 3.10.1 OPEN */
       T.opened = 1;
       if
       :: SERVER -> T.st = LISTEN
       :: else -> start(SYN_SENT); send_syn()
       fi;
       end_event() }

  :: atomic { RUN && !T.sent && !T.closed && /* 3.10.2 SEND; in LISTEN an error: the remote socket is not specified */
       (T.st == SYN_SENT || T.st == SYN_RECEIVED || T.st == ESTABLISHED || T.st == CLOSE_WAIT) ->
       T.sent = 1;
       if
       :: true /* queued; or held back by Nagle's algorithm (3.7.4), the congestion window (3.8.2) */
       :: T.st == ESTABLISHED || T.st == CLOSE_WAIT -> send_new()
       fi;
       end_event() }

  :: atomic { RUN && !T.closed && T.st != CLOSED -> /* 3.10.4 CLOSE */
       T.closed = 1;
       if
       :: T.st == LISTEN || T.st == SYN_SENT -> delete(false)
       :: T.st == SYN_SENT -> send(RST, T.nxt, 0); delete(false) /* 3.5.2: a user may issue a reset "at any time" */
       :: T.st == SYN_RECEIVED -> skip /* "queue for processing after entering ESTABLISHED" */
       :: T.st == SYN_RECEIVED && !T.sent -> T.st = FIN_WAIT_1; send_new() /* at once: nothing was SENT */
       :: T.st == ESTABLISHED || T.st == CLOSE_WAIT -> /* after "all preceding SENDs have been segmentized" */
          T.st = (T.st == ESTABLISHED -> FIN_WAIT_1 : T.st); /* "In any case, enter FIN-WAIT-1" */
          if
          :: T.sent && T.nxt == OCTET(me)
          :: else -> send_new()
          fi
       fi;
       end_event() }

  :: atomic { RUN && T.st == LISTEN && T.closed -> delete(false); end_event() } /* a queued CLOSE meets LISTEN */

#if ABORTS
  :: atomic { RUN && !T.aborted && T.st != CLOSED -> /* 3.10.5 ABORT */
       T.closed = 1; T.aborted = 1;
       if
       :: T.st == LISTEN || T.st == SYN_SENT || T.st >= CLOSING -> delete(false)
       :: T.st != LISTEN && T.st != TIME_WAIT -> reset()
       fi;
       end_event() }

  :: atomic { RUN && OUTSTANDING(me) -> /* 3.10.8 USER TIMEOUT, 3.8.3 R2; 3.9.1.4: "CLOSE turns into ABORT" */
       if
       :: delete(true)
       :: reset()
       fi;
       end_event() }
#endif

  /* ---- what leaves unasked ---- */
  :: atomic { UNSENT(me) && TIMER -> send_new(); END_TURN; end_event() }

  :: atomic { OUTSTANDING(me) && !(settling && UNSENT(me)) && TIMER -> /* 3.10.8 RETRANSMISSION TIMEOUT: the front */
       if
       :: T.st == SYN_SENT -> send_syn()
       :: T.st == SYN_SENT && T.sent -> send(SYN | TXT, ISS(me), 0); T.nxt = OCTET(me) + 1 /* 3.5: "legitimate" */
       :: T.una == ISS(me) && T.st != SYN_SENT -> /* SYN-RECEIVED, or FIN-WAIT-1 by CLOSE there */
          if
          :: send_syn_ack()
          :: RUN && !T.passive -> send_syn() /* the front is what 3.10.1 put there, or what 3.10.7.3 sent last */
          :: RUN && !T.passive && T.sent && T.nxt > OCTET(me) -> send(SYN | TXT, ISS(me), 0)
          :: RUN && T.st == FIN_WAIT_1 -> send(ACK | FIN, FIN_NO(me), T.rcv) /* SYN and FIN are both outstanding */
          :: FAULT == 3 && T.st == FIN_WAIT_1 -> send(ACK | TXT, OCTET(me), T.rcv)
          fi
       :: T.una > ISS(me) && T.una < FIN_NO(me) ->
          if
          :: FAULT == 12
          :: FAULT != 12 -> send(ACK | TXT, T.una, T.rcv)
          :: T.nxt > FIN_NO(me) -> send(ACK | TXT | FIN, T.una, T.rcv) /* repacketized (RFC 1122 4.2.2.15) */
          fi
       :: T.una > ISS(me) && T.una == FIN_NO(me) -> send(ACK | FIN, T.una, T.rcv)
       fi;
       END_TURN;
       end_event() }

  :: atomic { T.st == TIME_WAIT && QUIET_NET && TIMER -> /* 3.10.8 TIME-WAIT TIMEOUT; no segment outlives 2MSL */
       delete(false);
       END_TURN;
       end_event() }

  /* ---- the network ---- */
  :: atomic { RUN && net[ot].s[0] != 0 -> pick(); remove(); i = 0; end_event() } /* a segment is lost */

  :: atomic { net[ot].s[0] != 0 -> /* 3.10.7 SEGMENT ARRIVES */
       pick();
       seg = net[ot].s[i];
       if
       :: RUN /* a copy stays in flight; where it is lost at once, the segment was delivered and removed */
       :: settling -> remove()
       fi;
       i = 0;
       if
       :: T.st == CLOSED -> /* 3.10.7.1. ACK on <SEQ=SEG.ACK> would matter in SYN-SENT alone, which sent no ACK */
          if
          :: HAS(RST) && FAULT != 5
          :: (!HAS(RST) || FAULT == 5) && HAS(ACK) -> send(RST, SEG_ACK, 0)
          :: !HAS(RST) && !HAS(ACK) -> send(RST | ACK, 0, SEG_SEQ + SEG_LEN)
          fi

       :: T.st == LISTEN -> /* 3.10.7.2 */
          if
          :: HAS(RST)
          :: !HAS(RST) && HAS(ACK) -> send(RST, SEG_ACK, 0)
          :: !HAS(RST) && !HAS(ACK) -> assert(HAS(SYN)); take_syn(); start(SYN_RECEIVED); T.passive = 1; send_syn_ack()
          fi

       :: T.st == SYN_SENT -> /* 3.10.7.3 */
          assert(!HAS(ACK) || (ISS(me) < SEG_ACK && SEG_ACK <= T.nxt)); /* first: no bad ACK, there was no connection */
          if
          :: HAS(RST) && HAS(ACK) -> delete(true)                     /* second: refused */
          :: HAS(RST) && (!HAS(ACK) || SEG_SEQ != 0)                  /* no ACK; or RFC 5961's check of SEG.SEQ */
          :: !HAS(RST) && HAS(SYN) && HAS(ACK) ->                     /* fourth */
             take_syn(); T.una = (FAULT == 4 -> T.nxt : SEG_ACK); T.st = ESTABLISHED;
             if
             :: send_ack()
             :: T.sent && T.nxt == OCTET(me) -> send_new()            /* queued data MAY be included */
             fi
          :: !HAS(RST) && HAS(SYN) && !HAS(ACK) && FAULT != 9 ->
             take_syn(); T.st = SYN_RECEIVED;
             send_syn_ack()
          :: !HAS(RST) && (!HAS(SYN) || FAULT == 9)                   /* fifth */
          fi

       :: else -> goto other
       fi;
       goto done;

other: /* 3.10.7.4. First, the sequence number */
       take = 3;
       if
       :: IN_WINDOW(SEG_SEQ) || (SEG_LEN > 0 && IN_WINDOW(SEG_SEQ + SEG_LEN - 1)) || (FAULT == 1 && HAS(TXT))
       :: else ->
          if
          :: HAS(RST) -> goto done
          :: !HAS(RST) -> send_ack()
          :: !HAS(RST) && RUN && T.st == SYN_RECEIVED -> send_syn_ack() /* says the same, and more in SYN-SENT */
          fi;
          if
          :: goto done
          :: HAS(ACK) -> take = 1; goto fifth /* figure 7, A.2: the ACK of an old segment counts */
          fi
       fi;

       if /* second: RST in the window */
       :: HAS(RST) && T.st == TIME_WAIT -> goto done                    /* RFC 1337 F1; MUST-13 */
       :: HAS(RST) && SEG_SEQ != T.rcv -> send_ack(); goto done         /* RFC 5961 3.2: challenge ACK */
       :: HAS(RST) && T.st == SYN_RECEIVED && T.passive -> T.st = LISTEN; forget(); goto done
       :: HAS(RST) && !(T.st == SYN_RECEIVED && T.passive) -> delete(T.st < CLOSING && FAULT != 8); goto done
       :: !HAS(RST)
       fi;

       if /* fourth, SYN: only text can have brought it here, the SYN is old. What is new has no ACK and is dropped in
             the fifth step; or RFC 5961 4.2: challenge ACK */
       :: HAS(SYN) ->
          assert(SEG_SEQ < T.rcv && !HAS(ACK));
          if
          :: send_ack()
          :: RUN && T.st == SYN_RECEIVED -> send_syn_ack()
          fi;
          goto done
       :: else
       fi;

       if /* above RCV.NXT: "should be held for later processing" (SHLD-31), or not. Its ACK counts now, later or never
             (A.2); with nothing but an ACK it need not be held: a copy may come later */
       :: SEG_SEQ > T.rcv && FAULT != 2 ->
          if
          :: RUN || SEG_LEN > 0 -> send_ack() /* MAY-13 */
          :: else
          fi;
          if
          :: RUN -> goto done
          :: RUN && SEG_LEN > 0 && T.st < CLOSE_WAIT -> T.held = seg; goto done
          :: SEG_LEN > 0 && T.st < CLOSE_WAIT -> T.held = seg; take = 1
          :: take = 1
          fi
       :: else
       fi;

fifth: /* the ACK field */
       assert(HAS(ACK) && SEG_ACK <= T.nxt); /* none without it but SYN and RST; none acknowledges what was not sent */
       if
       :: SEG_ACK > T.una && T.st != TIME_WAIT ->
          T.una = SEG_ACK; T.passive = 0;
          if
          :: T.st == SYN_RECEIVED -> T.st = ESTABLISHED
          :: T.st == FIN_WAIT_1 && T.una > FIN_NO(me) -> T.st = FIN_WAIT_2
          :: T.st == CLOSING && T.una > FIN_NO(me) && FAULT != 10 && FAULT != 11 -> T.st = TIME_WAIT
          :: T.st == CLOSING && T.una > FIN_NO(me) && FAULT == 11 -> delete(false); goto done
          :: T.st == LAST_ACK && T.una > FIN_NO(me) -> delete(false); goto done
          :: else
          fi
       :: else -> assert(T.st != SYN_RECEIVED) /* a bad ACK there would draw a reset */
       fi;
       if /* text of the SYN, now that the connection is established (3.5) */
       :: T.kept == 0 || T.una == ISS(me)
       :: else ->
          deliver();
          if
          :: T.kept == 1 -> T.rcv++; send_ack()
          :: else
          fi;
          T.kept = 0
       fi;

       if /* TIME-WAIT: nothing is new unless it was entered by the own reset. "Ignore the segment text"; a FIN in order
             is ignored too, or RCV.NXT advances over it (eighth). "Acknowledge it": said of whatever arrives (fifth) */
       :: T.st == TIME_WAIT && take == 3 ->
          if
          :: true
          :: HAS(FIN) && !HAS(TXT) && SEG_SEQ == T.rcv -> T.rcv++
          fi
       :: T.st != TIME_WAIT && take == 3 ->
          if /* seventh, the text: what is new of it */
          :: HAS(TXT) && (SEG_SEQ == T.rcv || FAULT == 1) ->
             assert(T.st == ESTABLISHED || T.st == FIN_WAIT_1 || T.st == FIN_WAIT_2);
             deliver(); T.rcv++
          :: else
          fi;
          if /* eighth, the FIN: in order */
          :: HAS(FIN) && (SEG_SEQ + HAS(TXT) == T.rcv || FAULT == 2) ->
             assert(T.got == P.sent); /* the user is told of the end: nothing was lost before it */
             T.rcv = SEG_SEQ + HAS(TXT) + 1 + (FAULT == 6);
             if
             :: T.st == ESTABLISHED -> T.st = CLOSE_WAIT
             :: T.st == FIN_WAIT_1 -> T.st = CLOSING
             :: T.st == FIN_WAIT_2 -> T.st = TIME_WAIT
             :: else -> assert(false) /* there is one FIN, and TIME-WAIT is above */
             fi
          :: else
          fi
       :: else
       fi;
       if
       :: take == 3 && (SEG_LEN > 0 || (RUN && T.st == TIME_WAIT)) -> send_ack()
       :: else
       fi;
       if /* "further processing is done in SEG.SEQ order": the held segment's turn */
       :: T.held != 0 && (T.held & 15) <= T.rcv ->
          seg = T.held; T.held = 0; take = 3;
          goto fifth
       :: else
       fi;

done:  end_event() }

#ifdef LIVENESS
  :: atomic { RUN && me == 0 -> settling = 1 }
#endif
  od
}

#ifdef LIVENESS
/*
 * "From every reachable state the goal can be reached by protocol steps alone": from every state the system may begin
 * to settle. From then on no user calls, nothing is lost or duplicated, no R2; what is in flight is delivered, in any
 * order; when nothing is, the endpoint whose turn it is does what its timers have due (held text or FIN, the front of
 * the queue again, the end of TIME-WAIT). Each of these is a step of the protocol, so if all runs that settle reach the
 * goal then from every state one does, which is what the contract of fairness (whatever can happen infinitely often
 * happens) needs. Spin looks for a run that settles and never reaches the goal, as an acceptance cycle; a run that ends
 * is one (stuttering). All ways of the RFC stay open while settling but those marked RUN, which do not lead there:
 * - a SYN-RECEIVED that only ever repeats the bare SYN, FIN-WAIT-1 that only repeats its FIN ahead of the SYN;
 * - two in SYN-RECEIVED that answer each SYN,ACK with a SYN,ACK and count the ACK of neither;
 * - two that have lost each other's FIN, repeat the text before it and count the ACK of no segment out of order (A.2);
 * - ACKs of empty segments, answered by ACKs.
 */
#define OPENING(i)   (t[i].st == SYN_SENT || t[i].st == SYN_RECEIVED)
#define CLOSER(i)    (t[i].closed || t[i].st == CLOSED)
#define HALF_OPEN(i) (ABORTS && t[i].st == FIN_WAIT_2 && t[1 - i].st == CLOSED) /* 3.5.1: nothing to send, no reset */
#define ENDED(i)     (t[i].st == CLOSED || t[i].st == LISTEN || HALF_OPEN(i))
/* No open is left over: it has succeeded, failed (delete asserts that the user was told), or waits for no one. */
#define IS_OPEN      (!OPENING(0) && !OPENING(1) && (t[0].st != LISTEN || t[1].st == CLOSED))
/* Whoever has closed, or has no connection, ends when the other has too. */
#define IS_CLOSED    (!(CLOSER(0) && CLOSER(1)) || (ENDED(0) && ENDED(1)))
/* All that was sent is acknowledged, or its sender is gone and was told. */
#define IS_QUIET     (QUIET_NET && !DUE(0) && !DUE(1))
ltl opened  { [] (settling -> <> IS_OPEN) }
ltl closed  { [] (settling -> <> IS_CLOSED) }
ltl quiet   { [] (settling -> <> IS_QUIET) }
ltl settled { [] (settling -> <> (IS_OPEN && IS_CLOSED && IS_QUIET)) }
#endif
