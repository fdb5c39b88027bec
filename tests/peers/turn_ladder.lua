-- The ladder's TURN rung by way of coturn's server: two peers, each with an address on it, talk through it in channels.
return {
  title  = "Two peers that nothing direct connects talk through coturn",
  params = { nat = { "symmetric-random", "udp-blocked" }, transport = { "udp", "tcp" } },
  needs  = "live",
  twins  = { { set = { nat = "full-cone", transport = "tcp" }, fails = "expected turn, got direct" } },

  world = function (p)
    return {
      rendezvous = host { services = { "rendezvous" } },
      coturn     = host {},
      home_a     = net { nat = p.nat, alice = host {} },
      home_b     = net { nat = p.nat, bob = host {} },
    }
  end,

  run = function (w, p)
    w.coturn:start { "turnserver", "-n", "-L", w.coturn.address, "-E", w.coturn.address, "--lt-cred-mech",
      "--user", "lab:secret", "--realm", "lab", "--no-cli", "--no-tls", "--no-dtls", "--log-file=stdout",
      ready = "IO method (admin thread)" }

    local call = connect(w.alice, w.bob, { try = { "direct", "turn", "relay" }, attempt = "1s",
      turn = { server = w.coturn:at(3478), transport = p.transport, username = "lab", password = "secret" } })
    call:talk { frames = 20, every = "20ms" }

    local reaches = p.transport == "tcp" or p.nat ~= "udp-blocked"
    expect(call.method):is(reaches and "turn" or "relay")
    expect(call.relay):is(reaches and "coturn" or "rendezvous")
    expect(call.arrived):is_at_least(20)
  end,
}
