-- Alice shows her relayed address alone, as who hides where she is does. What she says goes through a channel of her
-- TURN server's (RFC 8656, 12), 4 bytes more each, once the pair is agreed on; her checks went in indications, with 36
-- bytes more.
return {
  title  = "ICE: a relayed pair in use has a channel",
  params = { controls = { "alice", "bob" }, wait = "1s" },

  world = function ()
    return {
      server = host { services = { "turn" } },
      home_a = net { nat = "port-restricted-cone", alice = host {}, link = { delay = "20ms" } },
      home_b = net { nat = "symmetric", bob = host {} },
    }
  end,

  run = function (w, p)
    local function role(name) return p.controls == name and "controlling" or "controlled" end
    local alice = w.alice:ice { relayed = true, turn = { server = w.server }, role = role "alice" }
    local bob = w.bob:ice { stun = w.server, role = role "bob" }

    bob:told(alice:description())
    alice:told(bob:description())
    expect(alice:connect()):is(true)
    expect(bob:connect()):is(true)
    expect(alice:pair().here.type):is "relay"

    w:sleep(p.wait)
    for _ = 1, 5 do
      alice:send "VOIC from alice"
      expect(bob:recv()):is "VOIC from alice"
      bob:send "VOIC from bob"
      expect(alice:recv()):is "VOIC from bob"
    end

    local in_channel = "udp[8:2] & 0xf000 = 0x4000 and udp[12:4] = 0x564f4943"
    expect(w.alice):saw(in_channel .. " and dst host " .. w.server.address)
    expect(w.alice):saw(in_channel .. " and src host " .. w.server.address)
    -- A Send or a Data indication: its XOR-PEER-ADDRESS, then its DATA.
    expect(w.alice):saw_nothing "udp[8:2] = 0x0016 and udp[44:4] = 0x564f4943"
    expect(w.alice):saw_nothing "udp[8:2] = 0x0017 and udp[44:4] = 0x564f4943"
  end,

  twins = { { set = { controls = "alice", wait = "0s" }, fails = "expected 0, got 1" } },
}
