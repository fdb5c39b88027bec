-- The same as matrix.lua where nets have IPv6, and IPv4 only as far as a NAT64 gives it. Where the two have both, each
-- method is tried in both; relays and ICE are asked for once.
local methods = {
  udp = { "direct", "reversal", "punch", "relay" },
  tcp = { "tcp-direct", "tcp-reversal", "tcp-punch", "tcp-punch-low-ttl", "tcp-stunt-2", "tcp-sequential" },
  all = {
    "direct", "reversal", "punch", "low-ttl", "predict", "birthday", "tcp-direct", "tcp-reversal", "tcp-punch",
    "tcp-punch-low-ttl", "tcp-stunt-2", "tcp-sequential", "relay", "turn", "ice",
  },
}

local once = { relay = true, turn = true, ice = true }

-- A SYN that nobody answers is sent again after a second (RFC 6298, 2.1).
local function patience(method)
  -- A quarter of it to wait for a better pair, or twice that for one without a relay.
  if method == "ice" then return "3s" end
  return method:sub(1, 4) == "tcp-" and "1200ms" or "400ms"
end

return {
  title  = "Every method between two nets of IPv6",
  params = { a = "ipv6-firewall", b = "ipv6-firewall", realise = "engine", methods = "udp" },

  world = function (p)
    return {
      server = host { services = { "rendezvous", "turn" }, rendezvous_ports = { 443, 80 } },
      home_a = net { nat6 = p.a, realise = p.realise, alice = host {} },
      home_b = net { nat6 = p.b, realise = p.realise, bob = host {} },
    }
  end,

  run = function (w, p)
    for _, method in ipairs(methods[p.methods]) do
      for _, family in ipairs { "ipv6", "ipv4" } do
        if not once[method] or family == "ipv6" then
          -- What is guessed is a matter of luck here; the odds are weighed elsewhere.
          local call = connect(w.alice, w.bob, {
            try = { method }, families = { family }, attempt = patience(method), holes = 32, probes = 64,
          })
          call:talk { frames = 3, every = "5ms" }
        end
      end
    end
  end,
}
