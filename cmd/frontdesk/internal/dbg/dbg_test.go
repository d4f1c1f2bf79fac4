package dbg
import ("testing";"context";"os";"fmt";"log/slog";"time"
"google.golang.org/protobuf/encoding/prototext"
"github.com/frontdesk/frontdesk/cmd/frontdesk/internal/allinone"
"github.com/frontdesk/frontdesk/cmd/frontdesk/internal/play"
"github.com/frontdesk/frontdesk/pkg/events"
"github.com/frontdesk/frontdesk/pkg/servicekit/broker"
"github.com/frontdesk/frontdesk/pkg/tenant"
"github.com/frontdesk/frontdesk/sandbox/calls")
func TestDbg(t *testing.T){
 all,err:=calls.Load("../../../../samples/calls"); if err!=nil{t.Fatal(err)}
 var cs []*calls.Call
 for _,c:=range all { if os.Getenv("CALL")=="" || c.Name==os.Getenv("CALL"){cs=append(cs,c)} }
 set,err:=tenant.Load("../../../../samples/tenants"); if err!=nil{t.Fatal(err)}
 st,err:=allinone.Start(context.Background(), allinone.Options{Tenants:set.All(),Calls:cs,Speed:20,Log:slog.New(slog.NewTextHandler(os.Stderr,&slog.HandlerOptions{Level:slog.LevelDebug}))}, func(string){})
 if err!=nil{t.Fatal(err)}
 p,unmet:=play.All(context.Background(), st, cs, 5*time.Second, func(int,[]string){})
 fmt.Println(p[0].SID, p[0].Err, unmet)
 for _,tp:=range events.Topics(){ if tp.Name=="calls.state" {continue}
  for i:=range 4 { st.Conn().ReadRange(context.Background(),tp.Name,i,-1,-1,func(r broker.Record) error { e,err:=events.Unmarshal(r.Value); if err!=nil{fmt.Println(tp.Name,"ERR",err, string(r.Value)); for _,h:=range r.Headers{fmt.Println("  ",h.Key,string(h.Value))}; return nil}
   if _,ok:=e.Message().(*events.AudioChunk);ok {c:=e.GetBody().GetAudioChunk(); if os.Getenv("CHUNKS")!="" {fmt.Println("chunk",c.Party,c.Chunk,c.StartMs,len(c.Audio))}; return nil}
   fmt.Println("==",tp.Name, r.Offset, r.Time.Format("05.000"), prototext.MarshalOptions{}.Format(e.Message())); return nil}) } }
 for _,o:=range []string{"Lead","Contact","Case","Task"} { for _,r:=range st.CRM(cs[0]).Records(o){fmt.Println(o,r.Fields)} }
 st.Close()
}
