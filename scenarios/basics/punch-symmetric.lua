-- A symmetric NAT on one side only is no end of punching: a restricted cone on the other takes packets from any
-- port of the address that it has spoken to.
return {
  title  = "Punching from a symmetric NAT to a restricted cone",
  params = { b = "restricted-cone" },

  world = function (p)
    return {
      server = host { services = { "rendezvous" } },
      home_a = net { nat = "symmetric-random", alice = host {} },
      home_b = net { nat = p.b, bob = host {} },
    }
  end,

  run = function (w)
    local call = connect(w.alice, w.bob, { via = w.server, try = { "punch" }, attempt = "500ms" })
    call:talk { frames = 20, every = "20ms" }

    expect(call.method):is "punch"
    expect(call.arrived):is_at_least(20)
  end,

  twins = { { set = { b = "port-restricted-cone" }, fails = "expected punch, got none" } },
}
