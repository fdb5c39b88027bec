-- A port that Alice's NAT was asked to forward is one more candidate of hers. Behind two symmetric NATs, without a
-- relay or a server that tells her how she is seen, it alone lets the two meet.
return {
  title  = "ICE: a port that the NAT maps on purpose",
  params = { mapped = true, controls = { "alice", "bob" } },

  world = function ()
    return {
      server = host { services = { "stun" } },
      home_a = net { nat = "symmetric", forward = { { udp = 4000, to = "alice", port = 5000 } }, alice = host {} },
      home_b = net { nat = "symmetric-random", bob = host {} },
    }
  end,

  run = function (w, p)
    local at = w.home_a.address .. ":4000"
    local alice = w.alice:ice { port = 5000, mapped = p.mapped and at or nil,
      role = p.controls == "alice" and "controlling" or "controlled" }
    local bob = w.bob:ice { stun = w.server, role = p.controls == "bob" and "controlling" or "controlled" }

    bob:told(alice:description())
    alice:told(bob:description())
    local connected = alice:connect { within = "10s" }
    expect(connected):is(true)
    if not connected then return end
    expect(bob:connect()):is(true)
    expect(bob:pair().there.type):is "srflx"
    expect(bob:pair().there.at):is(at)
    alice:send "VOIC from alice"
    expect(bob:recv()):is "VOIC from alice"
    expect(w.home_b.wan):saw("udp[8:4] = 0x564f4943 and src host " .. w.home_a.address .. " and src port 4000")
  end,

  twins = { { set = { mapped = false, controls = "alice" }, fails = "expected true, got nil" } },
}
