-- REQ-3a of RFC 4787: a NAT gives a well-known port to who has one inside, even where the port is taken or any will do.
return {
  title  = "Well-known ports stay among their own",
  params = { ports = { "preserve", "random", "sequential" }, keep = true },

  world = function (p)
    return {
      server = host {},
      home = net {
        nat = { base = "full-cone", udp = { ports = p.ports, keep_well_known = p.keep } },
        alice = host {}, bob = host {},
      },
    }
  end,

  run = function (w)
    local server = w.server:udp { port = 7000 }
    local function port_of(caller, port)
      caller:udp { port = port }:send("hello", w.server:at(7000))
      local _, from = server:recv()
      return tonumber(tostring(from):match ":(%d+)$")
    end
    local function kind(port)
      return port < 1024 and "well-known" or "other"
    end

    expect(kind(port_of(w.alice, 500))):is "well-known"
    expect(kind(port_of(w.bob, 500))):is "well-known"
    expect(kind(port_of(w.alice, 5000))):is "other"
    expect(kind(port_of(w.bob, 5000))):is "other"
  end,

  twins = { { set = { keep = false }, fails = "expected well-known, got other" } },
}
