-- Candidates that trickle (RFC 8838): each side hears the other's credentials at once and its candidates one by one,
-- the least wanted first. Checks begin with what is there, and the best pair is used all the same, if it comes in time:
-- once a pair is nominated, what comes after it changes nothing.
return {
  title  = "ICE: candidates that trickle in, the worst first",
  params = { gap = { "50ms", "200ms" }, controls = { "alice", "bob" } },

  world = function ()
    return {
      server = host { services = { "turn" } },
      home_a = net { nat = "port-restricted-cone", alice = host {} },
      home_b = net { nat = "port-restricted-cone", bob = host {} },
    }
  end,

  run = function (w, p)
    local function agent(host)
      return host:ice { role = host.name == p.controls and "controlling" or "controlled",
        stun = w.server, turn = { server = w.server } }
    end
    local alice, bob = agent(w.alice), agent(w.bob)

    local function trickle(from, to)
      local lines, kept = from:description(), {}
      to:told((lines:gsub("candidate:[^\n]*\n", ""):gsub("end%-of%-candidates\n", "")))
      for line in lines:gmatch "candidate:[^\n]*" do table.insert(kept, 1, line) end
      w:spawn(function ()
        for _, line in ipairs(kept) do
          expect(to:told(line)):is(true)
          w:sleep(p.gap)
        end
        to:told "end-of-candidates"
      end)
    end
    trickle(alice, bob)
    trickle(bob, alice)

    expect(alice:connect()):is(true)
    expect(bob:connect()):is(true)
    expect(alice:pair().here.type):is "srflx"
    expect(alice:pair().there.type):is "srflx"

    alice:send "VOIC from alice"
    expect(bob:recv()):is "VOIC from alice"
    expect(w.bob):saw("udp[8:4] = 0x564f4943 and src host " .. w.home_a.address)
  end,

  twins = { { set = { gap = "5s", controls = "alice" }, fails = "expected srflx, got relay" } },
}
