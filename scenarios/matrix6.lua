-- The same as matrix.lua where nets have IPv6, and IPv4 only as far as a NAT64 gives it. Where the two have both, each
-- method is tried in both.
return {
  title  = "Every method between two nets of IPv6",
  params = { a = "ipv6-firewall", b = "ipv6-firewall", realise = "engine" },

  world = function (p)
    return {
      server = host { services = { "rendezvous" }, rendezvous_ports = { 443, 80 } },
      home_a = net { nat6 = p.a, realise = p.realise, alice = host {} },
      home_b = net { nat6 = p.b, realise = p.realise, bob = host {} },
    }
  end,

  run = function (w)
    for _, method in ipairs { "direct", "reversal", "punch", "relay" } do
      for _, family in ipairs { "ipv6", "ipv4" } do
        if method ~= "relay" or family == "ipv6" then
          local call = connect(w.alice, w.bob, { try = { method }, families = { family }, attempt = "400ms" })
          call:talk { frames = 3, every = "5ms" }
        end
      end
    end
  end,
}
