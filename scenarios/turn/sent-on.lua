-- A server that has enough to do sends its clients on to another (300, ALTERNATE-SERVER); a user who has all the
-- allocations that he may have gets no more (486) until one ends.
return {
  title  = "TURN: sent on to another server, up to a quota",
  params = { transport = { "udp", "tcp" }, quota = 2 },

  world = function (p)
    return {
      busy  = host { services = { "turn" }, address = "11.1.1.2", turn = { alternate = "11.1.2.2:3478" } },
      other = host { services = { "turn" }, address = "11.1.2.2", turn = { quota = p.quota, realm = "other" } },
      home  = net { nat = "symmetric-random", alice = host {} },
    }
  end,

  run = function (w, p)
    local function allocate()
      return w.alice:turn { server = w.busy, transport = p.transport }
    end
    local first, second = allocate(), allocate()

    expect(first:server()):is(w.other:at(3478))
    expect(first:address():match "^[%d.]+"):is(w.other.address)
    expect((select(2, allocate()))):is "486 Allocation Quota Reached"
    expect(second:refresh "0s"):is(true)
    expect(allocate() ~= nil):is(true)
  end,

  twins = { { set = { transport = "udp", quota = 3 }, fails = "expected 486 Allocation Quota Reached, got nil" } },
}
