-- An agent tells each candidate as soon as it has it (RFC 8838), and need not wait for a server that is far away: the
-- two are checking their first pairs while Alice's relay is still being allocated, or never will be.
return {
  title  = "ICE: candidates are told as they are gathered",
  params = { far = { "10ms", "300ms", "20s" }, trickle = true },

  world = function (p)
    return {
      near   = host { services = { "stun" } },
      far    = host { services = { "turn" }, link = { delay = p.far } },
      home_a = net { nat = "port-restricted-cone", alice = host {} },
      home_b = net { nat = "port-restricted-cone", bob = host {} },
    }
  end,

  run = function (w, p)
    local began = w:now()
    local alice = w.alice:ice { stun = w.near, turn = { server = w.far }, trickle = p.trickle }
    local bob = w.bob:ice { role = "controlled", stun = w.near, trickle = true }
    local told = {}

    local function signal(from, to, note)
      for line in from:lines() do
        if note then table.insert(told, { line = line, at = w:now() - began }) end
        expect(to:told(line)):is(true)
      end
    end
    w:spawn(signal, alice, bob, true)
    w:spawn(signal, bob, alice)

    expect(bob:connect()):is(true)
    expect(alice:connect()):is(true)
    local connected = w:now() - began
    expect(alice:pair().here.type):is "srflx"
    alice:send "VOIC from alice"
    expect(bob:recv()):is "VOIC from alice"

    w:sleep "6s"
    expect(told[1].line):is_not(nil)
    expect(told[#told].line):is "end-of-candidates"
    local kinds = {}
    for _, t in ipairs(told) do kinds[#kinds + 1] = t.line:match "typ (%a+)" end
    expect(table.concat(kinds, " ")):is(p.far == "20s" and "host srflx" or "host srflx relay")
    -- What is near was told at once, whatever is far away.
    expect(told[4].at):is_at_most(0.5)
    if p.far ~= "10ms" then expect(told[#told].at):is_at_least(1) end
    if p.far == "20s" then expect(connected):is_at_most(told[#told].at) end
  end,

  twins = { { set = { far = "300ms", trickle = false }, fails = "expected at most 0.5" } },
}
