-- Two homes, and TCP between them: each side connects from the port and to the endpoint that the rendezvous has
-- seen, so that its SYN lets the other's in, whether the other side's NAT drops a SYN that comes too early, or answers
-- it with RST or ICMP.
return {
  title  = "TCP hole punching by simultaneous open",
  params = {
    a = { "full-cone", "port-restricted-cone", "linux-masquerade-input-drop" },
    b = { "restricted-cone", "port-restricted-cone", "linux-masquerade" },
  },

  world = function (p)
    return {
      server = host { services = { "rendezvous" } },
      home_a = net { nat = p.a, alice = host { link = { delay = "5ms" } } },
      home_b = net { nat = p.b, bob = host { link = { delay = "8ms" } } },
    }
  end,

  run = function (w)
    local call = connect(w.alice, w.bob, { via = w.server, try = { "tcp-punch" } })
    call:talk { frames = 10, every = "20ms" }

    expect(call.method):is "tcp-punch"
    expect(call.arrived):is_at_least(10)
  end,

  twins = { { set = { a = "symmetric-random", b = "port-restricted-cone" }, fails = "expected tcp-punch, got none" } },
}
