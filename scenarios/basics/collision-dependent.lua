-- Two hosts at home use the same port. In this router, a cone for everybody else, the second one's mapping turns
-- dependent on the destination: two servers see two ports, and what one of them tells is of no use at the other.
return {
  title  = "A mapping that turns dependent when ports collide",
  params = { collision = "dependent" },

  world = function (p)
    return {
      one  = host {},
      two  = host {},
      home = net {
        nat = { base = "full-cone", udp = { ports = "preserve", collision = p.collision } },
        alice = host {}, bob = host {},
      },
    }
  end,

  run = function (w)
    local one, two = w.one:udp { port = 7000 }, w.two:udp { port = 7000 }
    local function ports_of(caller)
      local socket = caller:udp { port = 5000 }
      socket:send("hello", w.one:at(7000))
      socket:send("hello", w.two:at(7000))
      local _, here = one:recv()
      local _, there = two:recv()
      return here, there
    end

    local here, there = ports_of(w.alice)
    expect(here):is(w.home.address .. ":5000")
    expect(there):is(here)
    here, there = ports_of(w.bob)
    expect(here):is_not(w.home.address .. ":5000")
    expect(there == here and "the same" or "another"):is "another"
  end,

  twins = { { set = { collision = "random" }, fails = "expected another, got the same" } },
}
