-- The provider gives the caller's router another address during a call. The callee's router lets in the old one only,
-- so the call is dead until both have punched anew; by another rendezvous, since the connection to the first is dead.
return {
  title  = "A router's address changes, and the two punch again",
  needs  = "engine",
  params = { again = true, address = { "11.2.9.9", "the next free one" } },

  world = function ()
    return {
      first  = host { services = { "rendezvous" } },
      second = host { services = { "rendezvous" } },
      home_a = net { nat = "port-restricted-cone", alice = host {} },
      home_b = net { nat = "port-restricted-cone", bob = host {} },
    }
  end,

  run = function (w, p)
    local call = connect(w.alice, w.bob, { via = w.first, try = { "punch" } })
    call:talk { frames = 20, every = "20ms" }

    local before = w.home_a.address
    w.home_a:change_address(p.address:match "^[%d.]+$")
    expect(w.home_a.address):is_not(before)
    call:talk { frames = 20, every = "20ms" }
    expect(call.arrived):is(20)

    if p.again then
      call = connect(w.alice, w.bob, { via = w.second, try = { "punch" } })
    end
    call:talk { frames = 30, every = "20ms" }
    expect(call.arrived):is(30)
    expect(w.home_b.wan):saw_at_least(30, "udp and src host " .. w.home_a.address)
  end,

  twins = { { set = { again = false }, fails = "expected 30, got 20" } },
}
