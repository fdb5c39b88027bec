-- Every method, each on its own, between two peers behind NATs that were drawn at random: what `knothole matrix
-- --random` plays. The oracle is asked about each, so what it has not thought of shows.
local methods = {
  "relay", "direct", "reversal", "punch", "low-ttl", "tcp-direct", "tcp-reversal", "tcp-punch", "tcp-punch-low-ttl",
  "tcp-stunt-2", "tcp-sequential", "turn", "ice", "predict", "birthday",
}

-- A SYN that nobody answers is sent again after a second (RFC 6298, 2.1); ICE waits a quarter for a better pair.
local function patience(method)
  if method == "ice" then return "3s" end
  return method:sub(1, 4) == "tcp-" and "1200ms" or "400ms"
end

-- Who is where; a, b and c are the NATs.
local layouts = {
  ["homes"] = function (_, home_a, home_b) return { home_a = home_a, home_b = home_b } end,
  ["nested-caller"] = function (p, home_a, home_b)
    return { isp = net { nat = p.c, home_a = home_a }, home_b = home_b }
  end,
  ["nested-callee"] = function (p, home_a, home_b)
    return { home_a = home_a, isp = net { nat = p.c, home_b = home_b } }
  end,
  ["shared"] = function (p, home_a, home_b)
    return { isp = net { nat = p.c, home_a = home_a, home_b = home_b } }
  end,
}

local function lead(wanted, name)
  return wanted and name or nil
end

return {
  title  = "Every method between NATs drawn at random",
  params = {
    a = "port-restricted-cone", b = "port-restricted-cone", c = "carrier-grade", layout = "homes",
    host_addresses = false, dmz_a = false, dmz_b = false, method = "all",
  },

  world = function (p)
    local w

    if p.layout == "one-home" then
      w = { home_a = net { nat = p.a, dmz = lead(p.dmz_a, "alice"), alice = host {}, bob = host {} } }
    elseif p.layout == "open-callee" then
      w = { home_a = net { nat = p.a, dmz = lead(p.dmz_a, "alice"), alice = host {} }, bob = host {} }
    else
      w = layouts[p.layout](p, net { nat = p.a, dmz = lead(p.dmz_a, "alice"), alice = host {} },
                            net { nat = p.b, dmz = lead(p.dmz_b, "bob"), bob = host {} })
    end
    w.server = host { services = { "rendezvous", "turn" }, rendezvous_ports = { 443, 80 } }
    return w
  end,

  run = function (w, p)
    for _, method in ipairs(p.method == "all" and methods or { p.method }) do
      -- What is guessed is a matter of luck here; the odds are weighed elsewhere.
      local joined, call = pcall(connect, w.alice, w.bob, {
        via = w.server, try = { method }, attempt = patience(method), holes = 32, probes = 64,
        host_addresses = p.host_addresses,
      })
      -- A NAT may give up the connection to the rendezvous: whether it had leave to, the oracle says of a relay.
      if not joined then return print("broke off: " .. call) end
      call:talk { frames = 3, every = "5ms" }
    end
  end,
}
