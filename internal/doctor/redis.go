package doctor

import (
	"context"
	"crypto/rand"
	"errors"
	"time"

	"parley/realtime/redis"
)

// redisTime is how long Redis may take to answer everything that is asked of it.
const redisTime = 5 * time.Second

// redis checks that the server which carries hints between nodes answers, and lets
// Parley publish and listen. Parley works without it, only slower between nodes.
func (e *exam) redis(ctx context.Context) {
	address := e.Config.Realtime.Redis
	if address == "" || !e.Config.Realtime.Enabled {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, redisTime)
	defer cancel()
	err := redis.Check(ctx, redis.Options{URL: address, Channel: "parley:doctor:" + rand.Text()})
	if errors.Is(err, context.DeadlineExceeded) {
		err = errors.New("no answer in time")
	}
	if err != nil {
		e.add("redis", Problem, "Start it, or correct realtime.redis (PARLEY_REALTIME_REDIS): host, port, password, and rediss:// where it wants TLS. "+
			"Its user must be allowed SUBSCRIBE and PUBLISH on channels parley:*. Meanwhile nodes tell each other through the database, which takes a tenth of a second longer.",
			"The Redis server of realtime.redis cannot be used: %v.", err)
		return
	}
	e.ok("redis", "The Redis server of realtime.redis answers, and carries messages.")
}
