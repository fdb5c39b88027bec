-- Alice speaks every now and then, and nobody answers. A router that restarts a mapping's timer only for what comes in,
-- or for nothing, forgets hers all the same, and gives her another port: RFC 4787's REQ-6 is why others do not.
return {
  title  = "A mapping that what is sent does not keep alive",
  params = { refresh = { "inbound", "none" } },

  world = function (p)
    local nat = { base = "full-cone", udp = { timeout = "1s", ports = "random", refresh = p.refresh } }
    return { server = host {}, home = net { nat = nat, alice = host {} } }
  end,

  run = function (w)
    local alice, server = w.alice:udp { port = 5000 }, w.server:udp { port = 7000 }
    local seen = {}
    for _ = 1, 6 do
      alice:send("still here", w.server:at(7000))
      local _, from = server:recv()
      seen[from] = true
      w:sleep "300ms"
    end
    local ports = 0
    for _ in pairs(seen) do ports = ports + 1 end
    expect(ports):is(2)
  end,

  twins = {
    { set = { refresh = "outbound" }, fails = "expected 2, got 1" },
    { set = { refresh = "both" }, fails = "expected 2, got 1" },
  },
}
