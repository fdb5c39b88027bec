-- The same as matrix.lua where nets have IPv6, and IPv4 only as far as a NAT64 gives it. Where the two have both, each
-- method is tried in both; a relay is asked for once.
local methods = {
  udp = { "direct", "reversal", "punch", "relay" },
  tcp = { "tcp-direct", "tcp-reversal", "tcp-punch", "tcp-punch-low-ttl", "tcp-stunt-2", "tcp-sequential" },
  all = {
    "direct", "reversal", "punch", "tcp-direct", "tcp-reversal", "tcp-punch", "tcp-punch-low-ttl", "tcp-stunt-2",
    "tcp-sequential", "relay",
  },
}

return {
  title  = "Every method between two nets of IPv6",
  params = { a = "ipv6-firewall", b = "ipv6-firewall", realise = "engine", methods = "udp" },

  world = function (p)
    return {
      server = host { services = { "rendezvous" }, rendezvous_ports = { 443, 80 } },
      home_a = net { nat6 = p.a, realise = p.realise, alice = host {} },
      home_b = net { nat6 = p.b, realise = p.realise, bob = host {} },
    }
  end,

  run = function (w, p)
    for _, method in ipairs(methods[p.methods]) do
      -- A SYN that nobody answers is sent again after a second (RFC 6298, 2.1).
      local attempt = method:sub(1, 4) == "tcp-" and "1200ms" or "400ms"
      for _, family in ipairs { "ipv6", "ipv4" } do
        if method ~= "relay" or family == "ipv6" then
          local call = connect(w.alice, w.bob, { try = { method }, families = { family }, attempt = attempt })
          call:talk { frames = 3, every = "5ms" }
        end
      end
    end
  end,
}
