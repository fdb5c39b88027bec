-- The caller's router reboots during a call, and has forgotten everything. Where it gives the same port again, the
-- caller's next packet makes the very mapping that the callee's router knows, and small packets bring the call back.
return {
  title  = "A router reboots, and packets both ways bring the call back",
  params = { ports = "preserve" },

  world = function (p)
    return {
      server = host { services = { "rendezvous" } },
      home_a = net { nat = { base = "port-restricted-cone", udp = { ports = p.ports } }, alice = host {} },
      home_b = net { nat = "port-restricted-cone", bob = host {} },
    }
  end,

  run = function (w)
    local call = connect(w.alice, w.bob, { via = w.server, try = { "punch" } })
    call:talk { frames = 20, every = "20ms" }
    w.home_a:reboot()
    call:hold { time = "1s", every = "200ms" }
    call:talk { frames = 30, every = "20ms" }

    expect(call.arrived):is(50)
  end,

  -- Any free port is another one after the reboot, and the callee's router lets in the old one only.
  twins = { { set = { ports = "random" }, fails = "expected 50, got 20" } },
}
