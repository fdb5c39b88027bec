-- Punching works wherever a NAT keeps one outside port for all destinations, and fails where each destination gets a
-- port that nobody can foretell.
return {
  title  = "Punching: through cones, not through symmetric NATs without regularity",
  claims = { "SKA-08", "SKB-12" },
  params = { nat = { "full-cone", "restricted-cone", "port-restricted-cone" } },

  world = function (p)
    return {
      supernode = host { services = { "rendezvous" } },
      home_a    = net { nat = p.nat, alice = host {} },
      home_b    = net { nat = p.nat, bob = host {} },
    }
  end,

  run = function (w)
    local call = connect(w.alice, w.bob, { via = w.supernode, try = { "punch" }, attempt = "600ms" })
    call:talk { frames = 25, every = "20ms" }

    expect(call.method):is "punch"
    expect(call.relayed):is(false)
  end,

  twins = { { set = { nat = "symmetric-random" }, fails = "expected punch, got none" } },
}
