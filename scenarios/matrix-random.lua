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

-- Of IPv6 or of IPv4.
local function home(six, model, spec)
  spec[six and "nat6" or "nat"] = model
  return net(spec)
end

-- Who is where; a, b and c are the NATs.
local layouts = {
  ["homes"] = function (_, home_a, home_b) return { home_a = home_a, home_b = home_b } end,
  ["nested-caller"] = function (p, home_a, home_b, six)
    return { isp = home(six, p.c, { home_a = home_a }), home_b = home_b }
  end,
  ["nested-callee"] = function (p, home_a, home_b, six)
    return { home_a = home_a, isp = home(six, p.c, { home_b = home_b }) }
  end,
  ["shared"] = function (p, home_a, home_b, six)
    return { isp = home(six, p.c, { home_a = home_a, home_b = home_b }) }
  end,
}

local function lead(wanted, name)
  return wanted and name or nil
end

-- Forwarded ports, one for each method, far from each other: what one has left in a NAT is no business of the next.
local function port_of(i) return 6000 + 100 * i end

local function forward(wanted, name)
  local ports = port_of(1) .. "-" .. port_of(#methods)

  return wanted and { { udp = ports, to = name }, { tcp = ports, to = name } } or nil
end

return {
  title  = "Every method between NATs drawn at random",
  params = {
    a = "port-restricted-cone", b = "port-restricted-cone", c = "carrier-grade", layout = "homes", family = "ipv4",
    host_addresses = false, dmz_a = false, dmz_b = false, forward_a = false, forward_b = false, method = "all",
  },

  world = function (p)
    local w
    local forward_a, forward_b = forward(p.forward_a, "alice"), forward(p.forward_b, "bob")
    local dmz_a, dmz_b = lead(p.dmz_a, "alice"), lead(p.dmz_b, "bob")
    local all_six, caller_six = p.family == "ipv6", p.family ~= "ipv4"

    if p.layout == "one-home" then
      w = { home_a = home(caller_six, p.a, { dmz = dmz_a, alice = host {}, bob = host {} }) }
    elseif p.layout == "open-callee" then
      w = { home_a = home(caller_six, p.a, { dmz = dmz_a, forward = forward_a, alice = host {} }), bob = host {} }
    else
      w = layouts[p.layout](p, home(caller_six, p.a, { dmz = dmz_a, forward = forward_a, alice = host {} }),
                            home(all_six, p.b, { dmz = dmz_b, forward = forward_b, bob = host {} }), all_six)
    end
    w.server = host { services = { "rendezvous", "turn" }, rendezvous_ports = { 443, 80 } }
    return w
  end,

  run = function (w, p)
    for i, method in ipairs(p.method == "all" and methods or { p.method }) do
      -- What is guessed is a matter of luck here; the odds are weighed elsewhere.
      local joined, call = pcall(connect, w.alice, w.bob, {
        via = w.server, try = { method }, attempt = patience(method), holes = 32, probes = 64,
        host_addresses = p.host_addresses, port = (p.forward_a or p.forward_b) and port_of(i) or nil,
      })
      -- A NAT may give up the connection to the rendezvous: whether it had leave to, the oracle says of a relay.
      if not joined then return print("broke off: " .. call) end
      call:talk { frames = 3, every = "5ms" }
    end
  end,
}
