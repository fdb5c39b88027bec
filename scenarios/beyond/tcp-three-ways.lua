-- Who may connect to whom over TCP: the caller, the callee once it was asked to, or only both at once. Each way is
-- tried alone, and must fare as the models' TCP rules say.
return {
  title  = "TCP: direct, reversed and punched, each alone",
  params = {
    a = { "no-nat", "port-restricted-cone", "symmetric-random" },
    b = { "full-cone", "port-restricted-cone", "linux-masquerade" },
  },

  world = function (p)
    return {
      server = host { services = { "rendezvous" } },
      home_a = net { nat = p.a, alice = host {} },
      home_b = net { nat = p.b, bob = host {} },
    }
  end,

  run = function (w)
    for _, method in ipairs { "tcp-direct", "tcp-reversal", "tcp-punch" } do
      local call = connect(w.alice, w.bob, { via = w.server, try = { method }, attempt = "1500ms" })
      call:talk { frames = 5, every = "5ms" }
    end
    expect(w.server):saw_nothing("tcp[20:4] = 0x564f4943 or udp[8:4] = 0x564f4943") -- VOIC
  end,
}
