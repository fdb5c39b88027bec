-- Which pair of candidates two ICE agents end with (RFC 8445), by the NATs before them. The more direct one wins, and
-- a relay is for those alone whom nothing else connects: the types are as Alice sees them, and the capture
-- must show her datagrams go where they say.
local direct, reflexive, relayed = "host host", "srflx srflx", "relay"

local cases = {
  ["no NAT"]            = { a = "none",                 b = "none",                 pair = direct },
  ["cone and cone"]     = { a = "port-restricted-cone", b = "port-restricted-cone", pair = reflexive },
  ["cone and symmetric"] = { a = "full-cone",           b = "symmetric",            pair = "srflx prflx" },
  ["symmetric twice"]   = { a = "symmetric",            b = "symmetric",            pair = relayed },
  ["double NAT"]        = { a = "port-restricted-cone", b = "port-restricted-cone", pair = reflexive,
                            isp = "carrier-grade" },
  ["one LAN"]           = { a = "symmetric",            b = "symmetric",            lan = true, pair = direct },
}

return {
  title  = "ICE: the pair that wins",
  params = {
    case = { "no NAT", "cone and cone", "cone and symmetric", "symmetric twice", "double NAT", "one LAN" },
    want = "right",
    controls = { "alice", "bob" },
  },

  world = function (p)
    local case = cases[p.case]
    local world = { server = host { services = { "turn" } } }
    if case.lan then
      world.home_a = net { nat = case.a, alice = host {}, bob = host {} }
      return world
    end
    local function home(model, name)
      return model == "none" and host {} or net { nat = model, [name] = host {} }
    end
    world[case.a == "none" and "alice" or "home_a"] = home(case.a, "alice")
    if case.isp then
      world.isp = net { nat = case.isp, home_b = home(case.b, "bob") }
    else
      world[case.b == "none" and "bob" or "home_b"] = home(case.b, "bob")
    end
    return world
  end,

  run = function (w, p)
    local function agent(host)
      return host:ice { role = host.name == p.controls and "controlling" or "controlled",
        stun = w.server, turn = { server = w.server } }
    end
    local alice, bob = agent(w.alice), agent(w.bob)

    expect(bob:told(alice:description())):is(true)
    expect(alice:told(bob:description())):is(true)
    expect(alice:connect()):is(true)
    expect(bob:connect()):is(true)

    local pair, seen = alice:pair(), bob:pair()
    local types = pair.here.type .. " " .. pair.there.type
    if types:find "relay" then types = relayed end
    expect(types):is(p.want == "right" and cases[p.case].pair or p.want)
    expect(pair.here.at):is(seen.there.at)
    expect(pair.there.at):is(seen.here.at)

    alice:send "VOIC from alice"
    expect(bob:recv()):is "VOIC from alice"
    bob:send "VOIC from bob"
    expect(alice:recv()):is "VOIC from bob"

    if types == relayed then
      local elsewhere = "udp[8:4] = 0x564f4943 and not host " .. w.server.address
      expect(w.alice):saw_nothing(elsewhere)
      expect(w.bob):saw_nothing(elsewhere)
    else
      expect(w.alice):saw("udp[8:4] = 0x564f4943 and dst host " .. pair.there.at:match "^(.*):")
      expect(w.server):saw_nothing "udp[8:4] = 0x564f4943"
    end
  end,

  twins = {
    { set = { case = "symmetric twice", want = "srflx srflx", controls = "alice" },
      fails = "expected srflx srflx, got relay" },
    { set = { case = "cone and cone", want = "relay", controls = "bob" }, fails = "expected relay, got srflx srflx" },
  },
}
