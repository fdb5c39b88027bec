-- One cell of the NAT × NAT table of other methods than the usual: those over TCP, or all. Each is tried on its own.
local methods = {
  tcp = { "tcp-direct", "tcp-reversal", "tcp-punch", "tcp-punch-low-ttl", "tcp-stunt-2", "tcp-sequential" },
  all = {
    "direct", "reversal", "punch", "low-ttl", "predict", "birthday", "tcp-direct", "tcp-reversal", "tcp-punch",
    "tcp-punch-low-ttl", "tcp-stunt-2", "tcp-sequential", "relay", "turn", "ice",
  },
}

-- A SYN that nobody answers is sent again after a second (RFC 6298, 2.1).
local function patience(method)
  -- A quarter of it to wait for a better pair, or twice that for one without a relay.
  if method == "ice" then return "3s" end
  return method:sub(1, 4) == "tcp-" and "1200ms" or "400ms"
end

return {
  title  = "TCP's methods, or all, between two NATs",
  params = { a = "port-restricted-cone", b = "port-restricted-cone", realise = "engine", methods = "all" },

  world = function (p)
    return {
      server = host { services = { "rendezvous", "turn" }, rendezvous_ports = { 443, 80 } },
      home_a = net { nat = p.a, realise = p.realise, alice = host {} },
      home_b = net { nat = p.b, realise = p.realise, bob = host {} },
    }
  end,

  run = function (w, p)
    for _, method in ipairs(methods[p.methods]) do
      -- What is guessed is a matter of luck here; the odds are weighed elsewhere.
      local call = connect(w.alice, w.bob, {
        via = w.server, try = { method }, attempt = patience(method), holes = 32, probes = 64,
        expressible = true,
      })
      if call then call:talk { frames = 3, every = "5ms" } end
    end
  end,
}
