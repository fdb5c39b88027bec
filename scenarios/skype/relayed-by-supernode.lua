-- Two symmetric NATs whose ports nobody can foretell: nothing direct gets through, so voice goes by way of the
-- supernode.
return {
  title  = "Where punching fails, voice goes through the supernode",
  claims = { "SKA-09" },
  params = { b = "symmetric-random" },

  world = function (p)
    return {
      supernode = host { services = { "rendezvous" } },
      home_a    = net { nat = "symmetric-random", alice = host {} },
      home_b    = net { nat = p.b, bob = host {} },
    }
  end,

  run = function (w)
    local call = connect(w.alice, w.bob, { via = w.supernode, attempt = "400ms" })
    call:talk { frames = 25, every = "20ms" }

    expect(call.method):is "relay"
    expect(call.relay):is "supernode"
    expect(call.arrived):is_at_least(25)
  end,

  twins = { { set = { b = "full-cone" }, fails = "expected relay, got direct" } },
}
