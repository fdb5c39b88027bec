-- One cell of the NAT × NAT table: two homes, and each method of the ladder tried on its own, so that what the
-- models forbid is seen to fail as well as what they promise is seen to work.
return {
  title  = "Every method between two NATs",
  params = { a = "port-restricted-cone", b = "port-restricted-cone", realise = "engine" },

  world = function (p)
    return {
      server = host { services = { "rendezvous" }, rendezvous_ports = { 443, 80 } },
      home_a = net { nat = p.a, realise = p.realise, alice = host {} },
      home_b = net { nat = p.b, realise = p.realise, bob = host {} },
    }
  end,

  run = function (w)
    for _, method in ipairs { "direct", "reversal", "punch", "relay" } do
      local call = connect(w.alice, w.bob, { via = w.server, try = { method }, attempt = "400ms" })
      call:talk { frames = 3, every = "5ms" }
    end
  end,
}
