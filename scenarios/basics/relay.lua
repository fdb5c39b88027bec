-- When nothing else gets through, the rendezvous passes everything on.
return {
  title  = "Relay, as the last resort",
  params = { nat = { "symmetric-random", "udp-blocked" } },

  world = function (p)
    return {
      server = host { services = { "rendezvous" } },
      home_a = net { nat = p.nat, alice = host {} },
      home_b = net { nat = p.nat, bob = host {} },
    }
  end,

  run = function (w)
    local call = connect(w.alice, w.bob, { via = w.server, attempt = "400ms" })
    call:talk { frames = 20, every = "20ms" }

    expect(call.method):is "relay"
    expect(call.relay):is "server"
    expect(call.arrived):is_at_least(20)
  end,

  twins = { { set = { nat = "port-restricted-cone" }, fails = "expected relay, got punch" } },
}
