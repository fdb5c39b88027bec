-- ICE with candidates over TCP between every two models, without a relay that would connect whatever else fails.
-- Whatever comes of it, the oracle must have foretold.
local models = {
  "no-nat", "full-cone", "port-restricted-cone", "symmetric", "ad-ad", "apd-ei", "one-to-one", "symmetric-random",
  "linux-masquerade", "linux-masquerade-random", "carrier-grade", "symmetric-firewall", "udp-blocked",
  "windows-xp-icf", "corporate-443", "isa-proxy",
}

return {
  title  = "ICE over TCP, between every two models",
  params = { a = models, b = models },

  world = function (p)
    return {
      server = host { services = { "rendezvous", "stun" }, rendezvous_ports = { 443, 80 } },
      home_a = net { nat = p.a, alice = host {} },
      home_b = net { nat = p.b, bob = host {} },
    }
  end,

  run = function (w)
    local call = connect(w.alice, w.bob, { try = { "ice" }, attempt = "3s", ice_tcp = true })
    call:talk { frames = 3, every = "5ms" }
  end,
}
