package main

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"rouse/shared/env"
)

// eachSetting holds a rule against every setting.
func eachSetting(t *testing.T, rule func(*testing.T, string, synthesized)) {
	for _, setting := range settings {
		t.Run(setting, func(t *testing.T) { rule(t, setting, synthesize(t, setting)) })
	}
}

func TestWhatIsDeployed(t *testing.T) {
	for setting, want := range map[string][]string{
		"whole":  {"Ack", "Desk", "Hook", "Inbox", "Probe", "Router", "Sms", "Watch"},
		"joined": {"Ack", "Desk", "Inbox", "Probe", "Router", "Watch"},
		"bare":   {"Ack", "Router"},
	} {
		s := synthesize(t, setting).service
		if got := s.of("AWS::Lambda::Function"); !slices.Equal(got, want) {
			t.Errorf("%s: functions %v, want %v", setting, got, want)
		}
		mail := slices.Contains(want, "Inbox")
		for _, kind := range []string{"AWS::S3::Bucket", "AWS::SES::ReceiptRule"} {
			if got := len(s.of(kind)); got != map[bool]int{true: 1}[mail] {
				t.Errorf("%s: %d of %s", setting, got, kind)
			}
		}
	}
	if sets := synthesize(t, "joined").service.of("AWS::SES::ReceiptRuleSet"); len(sets) > 0 {
		t.Errorf("a team that has a receipt rule set gets another: %v", sets)
	}
	if identities := synthesize(t, "joined").service.of("AWS::SES::EmailIdentity"); len(identities) > 0 {
		t.Errorf("an identity that nobody asked for: %v", identities)
	}
}

// TestLogicalIDs holds those that something outside depends on: command lines,
// data, confirmed subscriptions. To change one is to lose what hangs on it.
func TestLogicalIDs(t *testing.T) {
	s := synthesize(t, "whole")
	for id, kind := range map[string]string{
		"Probe": "AWS::Lambda::Function", "Inbox": "AWS::Lambda::Function", "Router": "AWS::Lambda::Function",
		"Ack": "AWS::Lambda::Function", "Desk": "AWS::Lambda::Function",
		"RouterQueue": "AWS::SQS::Queue", "DeskQueue": "AWS::SQS::Queue",
		"MailBucket": "AWS::S3::Bucket", "AckApi": "AWS::ApiGatewayV2::Api",
		"Sms": "AWS::Lambda::Function", "InboundSms": "AWS::SNS::Topic",
		"Hook": "AWS::Lambda::Function", "AlarmsAlarms": "AWS::SNS::Topic",
		"OpsRing": "AWS::SNS::Topic", "OpsTell": "AWS::SNS::Topic",
		"OpsRingAnaSms": "AWS::SNS::Subscription", "OpsRingAnaEmail": "AWS::SNS::Subscription", "OpsTellAnaEmail": "AWS::SNS::Subscription",
		"TopicAna": "AWS::SNS::Topic", "TopicBoLind4C2C1F": "AWS::SNS::Topic",
		"PageAnaSms": "AWS::SNS::Subscription", "PageAnaEmail": "AWS::SNS::Subscription", "PageBoLindSmsCEBBAC": "AWS::SNS::Subscription",
	} {
		if got := s.service.Resources[id].Type; got != kind {
			t.Errorf("%s is %q, want %s", id, got, kind)
		}
	}
	if got := s.table.Resources["Table"].Type; got != "AWS::DynamoDB::Table" {
		t.Errorf("Table is %q", got)
	}
}

// TestNoFixedNames lets two deployments stand side by side in one account.
func TestNoFixedNames(t *testing.T) {
	eachSetting(t, func(t *testing.T, _ string, s synthesized) {
		for _, stack := range []template{s.table, s.service} {
			for id, r := range stack.Resources {
				if r.Type == "AWS::ApiGatewayV2::Api" {
					continue // its name is a label, which many may have
				}
				for _, property := range []string{"Name", "FunctionName", "QueueName", "TopicName", "TableName", "BucketName", "RoleName", "LogGroupName", "AlarmName", "RuleSetName", "GroupName"} {
					if name := r.text(property); name != "" && !strings.Contains(name, "${") && name != "support" {
						t.Errorf("%s has the fixed %s %q", id, property, name)
					}
				}
			}
		}
	})
}

func TestTable(t *testing.T) {
	s := synthesize(t, "bare").table
	table := s.Resources["Table"]
	if table.DeletionPolicy != "Retain" || table.at("DeletionProtectionEnabled") != true ||
		table.at("PointInTimeRecoverySpecification", "PointInTimeRecoveryEnabled") != true || table.text("BillingMode") != "PAY_PER_REQUEST" {
		t.Errorf("the table is not kept, protected, restorable and on demand: %v", table)
	}
	if got := table.text("TimeToLiveSpecification", "AttributeName"); got != env.Expires {
		t.Errorf("items expire by %q", got)
	}
	keys := func(schema any) string {
		var all []string
		for _, one := range schema.([]any) {
			all = append(all, one.(map[string]any)["AttributeName"].(string))
		}
		return strings.Join(all, " ")
	}
	if got := keys(table.at("KeySchema")); got != env.PartitionKey+" "+env.SortKey {
		t.Errorf("the table's key is %s", got)
	}
	indexes := table.at("GlobalSecondaryIndexes").([]any)
	due := resource{Properties: indexes[0].(map[string]any)}
	if len(indexes) != 1 || due.text("IndexName") != env.DueIndex || keys(due.at("KeySchema")) != env.DueShard+" "+env.DueAt || due.text("Projection", "ProjectionType") != "KEYS_ONLY" {
		t.Errorf("indexes %v", indexes)
	}
}

// wildcards are the only ones in what is allowed, with their reasons.
var wildcards = map[string]string{
	"${MailBucket.Arn}/new/*": "the objects that SES stores, below one prefix: their keys are SES's to choose",
	"arn:${AWS::Partition}:s3:::rouse-mail-${part 2 of split ${AWS::StackId} at /}/new/*":  "the same, by the name that is known before the bucket",
	"arn:${AWS::Partition}:s3:::rouse-mail-${part 2 of split ${AWS::StackId} at /}/read/*": "the same objects, once read",
}

// ofTheAccount are the actions that know no resource but the account, with
// their reasons (Service Authorization Reference: their column of resource
// types is empty). Whoever has them learns figures and can change nothing.
var ofTheAccount = map[string]string{
	"sns:CheckIfPhoneNumberIsOptedOut": "a publish to a topic succeeds although the number has opted out",
	"sns:GetSMSAttributes":             "and although the month's spend limit is reached",
	"sns:GetSMSSandboxAccountStatus":   "and although the account is in the SMS sandbox",
	"sns:ListSMSSandboxPhoneNumbers":   "where these numbers alone are sent to",
	"cloudwatch:GetMetricStatistics":   "what SMS have cost is a metric of the account's",
	"ses:GetAccount":                   "how fast it may send mail",
}

func TestNoWildcards(t *testing.T) {
	used := map[string]bool{}
	for _, setting := range settings {
		s := synthesize(t, setting).service
		for _, st := range s.statements() {
			if st.effect != "Allow" {
				continue
			}
			for _, action := range st.actions {
				if strings.Contains(action, "*") {
					t.Errorf("%s: %s allows %s", setting, st.where, action)
				}
			}
			if slices.Equal(st.resources, []string{"*"}) {
				for _, action := range st.actions {
					asks := "Watch"
					if action == "ses:GetAccount" {
						asks = "Desk"
					}
					if ofTheAccount[action] == "" || st.where != roleOf(s, asks) {
						t.Errorf("%s: %s allows %s on the whole account", setting, st.where, action)
					}
					used[action] = true
				}
				continue
			}
			for _, on := range st.resources {
				if strings.Contains(on, "*") && wildcards[on] == "" {
					t.Errorf("%s: %s allows %v on %s", setting, st.where, st.actions, on)
				}
				used[on] = true
			}
		}
		for _, id := range s.of("AWS::IAM::Role") {
			if managed := s.Resources[id].at("ManagedPolicyArns"); managed != nil {
				t.Errorf("%s: %s has %v, which this program does not bound", setting, id, managed)
			}
		}
		if others := append(s.of("AWS::IAM::Policy"), s.of("AWS::IAM::ManagedPolicy")...); len(others) > 0 {
			t.Errorf("%s: %v grant beside the access table", setting, others)
		}
	}
	for on := range wildcards {
		if !used[on] {
			t.Errorf("the exception for %s is needed no more", on)
		}
	}
	for action := range ofTheAccount {
		if !used[action] {
			t.Errorf("the exception for %s is needed no more", action)
		}
	}
}

// roleOf returns the logical id of a function's role.
func roleOf(s template, function string) string {
	return refers(s.Resources[function].text("Role"))
}

// TestWhoMayDoWhat holds the rights that can hurt somebody to one function.
func TestWhoMayDoWhat(t *testing.T) {
	s := synthesize(t, "whole").service
	owner := map[string]string{} // of roles
	for _, id := range s.of("AWS::Lambda::Function") {
		role := roleOf(s, id)
		if owner[role] != "" {
			t.Errorf("%s and %s share a role", id, owner[role])
		}
		owner[role] = id
	}
	got := map[string][]string{}
	for _, st := range s.statements() {
		function := owner[st.where]
		if function == "" || strings.HasPrefix(st.actions[0], "logs:") {
			continue
		}
		for _, on := range st.resources {
			for _, action := range st.actions {
				key := action + " " + on
				if !slices.Contains(got[key], function) {
					got[key] = append(got[key], function)
				}
			}
		}
	}
	want := map[string][]string{
		"sns:Publish ${TopicAna}":                           {"Router"},
		"sns:Publish ${TopicBoLind4C2C1F}":                  {"Router"},
		"sns:Publish ${OpsRing}":                            {"Watch"},
		"sns:Publish ${OpsTell}":                            {"Watch"},
		"sns:ListSubscriptionsByTopic ${TopicAna}":          {"Watch"},
		"sns:ListSubscriptionsByTopic ${TopicBoLind4C2C1F}": {"Watch"},
		"sns:ListSubscriptionsByTopic ${OpsRing}":           {"Watch"},
		"sns:ListSubscriptionsByTopic ${OpsTell}":           {"Watch"},
		"ses:SendEmail arn:${AWS::Partition}:ses:${AWS::Region}:${AWS::AccountId}:identity/support@example.com":     {"Desk"},
		"ses:SendEmail arn:${AWS::Partition}:ses:${AWS::Region}:${AWS::AccountId}:identity/example.com":             {"Desk"},
		"ses:SendRawEmail arn:${AWS::Partition}:ses:${AWS::Region}:${AWS::AccountId}:identity/support@example.com":  {"Desk"},
		"ses:SendRawEmail arn:${AWS::Partition}:ses:${AWS::Region}:${AWS::AccountId}:identity/example.com":          {"Desk"},
		"ssm:GetParameter arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter/rouse/publish-token": {"Probe"},
		"ssm:GetParameter arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter/rouse/beats":         {"Hook"},
		"ssm:GetParameter arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter/rouse/prometheus":    {"Hook"},
		"ssm:GetParameter arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter/rouse/jenkins":       {"Hook"},
		"sqs:SendMessage ${RouterQueue.Arn}":    {"Hook", "Ack", "Desk", "Probe", "Inbox", "Router", "Sms", "Watch"},
		"sqs:SendMessage ${DeskQueue.Arn}":      {"Ack", "Desk", "Inbox", "Router", "Sms"},
		"sqs:ReceiveMessage ${RouterQueue.Arn}": {"Router"},
		"sqs:ReceiveMessage ${DeskQueue.Arn}":   {"Desk"},
		"dynamodb:Query ${Table.Arn}/index/due": {"Desk", "Router", "Watch"},
		"dynamodb:PutItem ${Table.Arn}":         {"Hook", "Ack", "Desk", "Probe", "Inbox", "Router", "Sms", "Watch"},
		"dynamodb:DeleteItem ${Table.Arn}":      {"Ack", "Desk", "Router", "Sms", "Watch"},
		"ses:SendEmail arn:${AWS::Partition}:ses:${AWS::Region}:${AWS::AccountId}:configuration-set/${DeskConfigurationSet7E0418E4}":    {"Desk"},
		"ses:SendRawEmail arn:${AWS::Partition}:ses:${AWS::Region}:${AWS::AccountId}:configuration-set/${DeskConfigurationSet7E0418E4}": {"Desk"},
		"ses:GetAccount *":                        {"Desk"},
		"sqs:ReceiveMessage ${FeedbackQueue.Arn}": {"Desk"},
	}
	for key, functions := range want {
		slices.Sort(functions)
		slices.Sort(got[key])
		if !slices.Equal(got[key], functions) {
			t.Errorf("%s: %v may, want %v", key, got[key], functions)
		}
	}
	for key, functions := range got {
		_, account := ofTheAccount[strings.TrimSuffix(key, " *")]
		narrow := !account && strings.HasPrefix(key, "sns:") || strings.HasPrefix(key, "ses:") || strings.HasPrefix(key, "ssm:") || strings.HasPrefix(key, "dynamodb:Query ${Table.Arn}/")
		if narrow && want[key] == nil {
			t.Errorf("%v may %s", functions, key)
		}
		if strings.HasPrefix(key, "s3:") && !slices.Equal(functions, []string{"Inbox"}) {
			t.Errorf("%v may %s", functions, key)
		}
	}
	for _, st := range s.statements() {
		if owner[st.where] == "Desk" && st.actions[0] == "ses:SendEmail" {
			if from := st.conditions["StringEquals"].(map[string]any)["ses:FromAddress"]; from != "support@example.com" {
				t.Errorf("the desk may send as %v", from)
			}
		}
	}
	for _, st := range synthesize(t, "joined").service.statements() {
		if strings.HasPrefix(st.actions[0], "ses:") {
			t.Errorf("nobody is answered automatically, yet %s may %v", st.where, st.actions)
		}
	}
}

func TestEnvironment(t *testing.T) {
	want := map[string][]string{
		"Probe":  {env.Table, env.RouterQueue},
		"Inbox":  {env.Table, env.RouterQueue, env.DeskQueue, env.MailBucket},
		"Router": {env.Table, env.RouterQueue, env.DeskQueue, env.Topics, env.AckURL},
		"Watch":  {env.Table, env.RouterQueue, env.Topics, env.RingTopic, env.TellTopic, env.DeadQueues},
		"Ack":    {env.Table, env.RouterQueue, env.DeskQueue},
		"Hook":   {env.Table, env.RouterQueue, env.AlarmTopics},
		"Sms":    {env.Table, env.RouterQueue, env.DeskQueue},
		"Desk":   {env.Table, env.RouterQueue, env.DeskQueue, env.ConfigurationSet},
	}
	s := synthesize(t, "whole").service
	given := map[string]bool{env.Config: true} // unset: rouse.yaml lies beside the binary
	for id, names := range want {
		vars := maps.Clone(s.Resources[id].at("Environment", "Variables").(map[string]any))
		maps.DeleteFunc(vars, func(name string, value any) bool {
			// Declared for sam local alone; test/stack holds which.
			return strings.HasPrefix(name, "AWS_ENDPOINT_URL_") && value == ""
		})
		got := slices.Sorted(maps.Keys(vars))
		slices.Sort(names)
		if !slices.Equal(got, names) {
			t.Errorf("%s is given %v, want %v", id, got, names)
		}
		for name := range vars {
			given[name] = true
		}
	}
	if got, want := slices.Sorted(maps.Keys(given)), variables(t); !slices.Equal(got, want) {
		t.Errorf("the stack gives %v; shared/env names %v", got, want)
	}

	var topics map[string]string
	if err := json.Unmarshal([]byte(s.Resources["Router"].text("Environment", "Variables", env.Topics)), &topics); err != nil {
		t.Fatal(err)
	}
	if want := map[string]string{"ana": "${TopicAna}", "bo-lind": "${TopicBoLind4C2C1F}"}; !maps.Equal(topics, want) {
		t.Errorf("topics %v, want %v", topics, want)
	}
	if got := s.Resources["Router"].text("Environment", "Variables", env.AckURL); got != "https://r.example.com" {
		t.Errorf("pages lead to %s", got)
	}
	if got := synthesize(t, "bare").service.Resources["Router"].text("Environment", "Variables", env.AckURL); got != "${AckApi.ApiEndpoint}" {
		t.Errorf("without a short domain, pages lead to %s", got)
	}
}

// variables reads the names that shared/env has for the functions.
func variables(t *testing.T) []string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "../shared/env/env.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	ast.Inspect(file, func(n ast.Node) bool {
		if literal, ok := n.(*ast.BasicLit); ok && literal.Kind == token.STRING {
			if value, _ := strconv.Unquote(literal.Value); strings.HasPrefix(value, "ROUSE_") {
				names = append(names, value)
			}
		}
		return true
	})
	slices.Sort(names)
	return names
}

func TestFunctions(t *testing.T) {
	eachSetting(t, func(t *testing.T, _ string, s synthesized) {
		for _, id := range s.service.of("AWS::Lambda::Function") {
			f := s.service.Resources[id]
			if f.text("Runtime") != "provided.al2023" || f.text("Handler") != "bootstrap" || !slices.Equal(texts(f.at("Architectures")), []string{"arm64"}) {
				t.Errorf("%s runs %s on %v", id, f.text("Runtime"), f.at("Architectures"))
			}
			if memory := f.number("MemorySize"); memory < 256 || memory > 512 {
				t.Errorf("%s has %v MB", id, memory)
			}
			logs := s.service.Resources[refers(f.text("LoggingConfig", "LogGroup"))]
			if logs.number("RetentionInDays") <= 0 || f.text("LoggingConfig", "LogFormat") != "JSON" {
				t.Errorf("%s logs to %v", id, logs)
			}
			// An escalation that re-arms its own timer is a loop, and meant.
			want := ""
			if id == "Router" || id == "Desk" {
				want = "Allow"
			}
			if got := f.text("RecursiveLoop"); got != want {
				t.Errorf("%s: recursive loop %q, want %q", id, got, want)
			}
			if f.at("ReservedConcurrentExecutions") != nil {
				t.Errorf("%s reserves concurrency, which a new account has none of", id)
			}
		}
		for _, id := range s.service.of("AWS::Logs::LogGroup") {
			if s.service.Resources[id].number("RetentionInDays") <= 0 {
				t.Errorf("%s keeps logs for ever", id)
			}
		}
	})
}

// TestAsynchronous: whatever invokes a function without waiting for it must
// leave a trace when it fails, and must not try an old minute again.
func TestAsynchronous(t *testing.T) {
	eachSetting(t, func(t *testing.T, _ string, s synthesized) {
		asynchronous := map[string]bool{}
		for _, id := range s.service.of("AWS::Scheduler::Schedule") {
			asynchronous[refers(s.service.Resources[id].text("Target", "Arn"))] = true
		}
		for _, id := range s.service.of("AWS::Lambda::Permission") {
			if p := s.service.Resources[id]; p.text("Principal") != "apigateway.amazonaws.com" {
				asynchronous[refers(p.text("FunctionName"))] = true
			}
		}
		told := map[string]bool{}
		for _, id := range s.service.of("AWS::Lambda::EventInvokeConfig") {
			c := s.service.Resources[id]
			queue, function := refers(c.text("DestinationConfig", "OnFailure", "Destination")), refers(c.text("FunctionName"))
			retries, age := 0.0, 60.0
			if function == "Sms" || function == "Hook" { // those whose work no sweep finds
				retries, age = 2, 660
			}
			if s.service.Resources[queue].Type != "AWS::SQS::Queue" || c.number("MaximumRetryAttempts") != retries || c.number("MaximumEventAgeInSeconds") != age {
				t.Errorf("%s: %v", id, c)
			}
			told[function] = true
			if !allowed(s.service, roleOf(s.service, function), "sqs:SendMessage", "${"+queue+".Arn}") {
				t.Errorf("%s may not write to %s, where its failures go", function, queue)
			}
		}
		if !maps.Equal(asynchronous, told) {
			t.Errorf("invoked asynchronously: %v; with a destination for failures: %v", asynchronous, told)
		}
	})
}

// allowed reports whether a role is allowed an action on a resource.
func allowed(s template, role, action, on string) bool {
	return slices.ContainsFunc(s.statements(), func(st statement) bool {
		return st.where == role && st.effect == "Allow" && slices.Contains(st.actions, action) && slices.Contains(st.resources, on)
	})
}

func TestSchedules(t *testing.T) {
	eachSetting(t, func(t *testing.T, _ string, s synthesized) {
		sweeps := s.service.of("AWS::Scheduler::Schedule")
		swept := slices.DeleteFunc(s.service.of("AWS::Lambda::Function"), func(id string) bool { return id == "Ack" || id == "Sms" || id == "Hook" })
		if len(sweeps) != len(swept) {
			t.Errorf("%d schedules, want one for each of %v", len(sweeps), swept)
		}
		for _, id := range sweeps {
			r := s.service.Resources[id]
			function := refers(r.text("Target", "Arn"))
			if r.text("ScheduleExpression") != "cron(* * * * ? *)" || r.text("FlexibleTimeWindow", "Mode") != "OFF" {
				t.Errorf("%s is not each minute, on the minute: %v", id, r.Properties)
			}
			if r.number("Target", "RetryPolicy", "MaximumRetryAttempts") != 0 || r.number("Target", "RetryPolicy", "MaximumEventAgeInSeconds") != 60 {
				t.Errorf("%s runs old minutes again: %v", id, r.at("Target", "RetryPolicy"))
			}
			// The probe ends its run with the minute, by the clock, and needs a
			// moment more to save it.
			limit := map[string]float64{"Probe": 65}[function]
			if timeout := s.service.Resources[function].number("Timeout"); timeout <= 0 || timeout > max(limit, 59) {
				t.Errorf("%s may run for %v s, into its next minute", function, timeout)
			}
			dead := r.text("Target", "DeadLetterConfig", "Arn")
			role := refers(r.text("Target", "RoleArn"))
			if s.service.Resources[refers(dead)].Type != "AWS::SQS::Queue" || !allowed(s.service, role, "sqs:SendMessage", dead) || !allowed(s.service, role, "lambda:InvokeFunction", "${"+function+".Arn}") {
				t.Errorf("%s cannot do its work with %s", id, role)
			}
			if own := refers(r.text("GroupName")); s.service.Resources[own].Type != "AWS::Scheduler::ScheduleGroup" {
				t.Errorf("%s is in the group %q", id, own)
			}
			if got := r.text("Target", "Input"); got != env.Sweep {
				t.Errorf("%s sends %s, want %s", id, got, env.Sweep)
			}
		}
	})
}

func TestQueues(t *testing.T) {
	eachSetting(t, func(t *testing.T, _ string, s synthesized) {
		readers := map[string]resource{}
		for _, id := range s.service.of("AWS::Lambda::EventSourceMapping") {
			m := s.service.Resources[id]
			readers[refers(m.text("EventSourceArn"))] = m
			if !slices.Equal(texts(m.at("FunctionResponseTypes")), []string{"ReportBatchItemFailures"}) || m.number("MaximumBatchingWindowInSeconds") != 0 || m.number("ScalingConfig", "MaximumConcurrency") < 2 {
				t.Errorf("%s: %v", id, m.Properties)
			}
		}
		alarmed := map[string]bool{}
		for _, id := range s.service.of("AWS::CloudWatch::Alarm") {
			a := s.service.Resources[id]
			if a.text("MetricName") == "ApproximateNumberOfMessagesVisible" && a.number("Threshold") == 1 {
				dimension := a.at("Dimensions").([]any)[0].(map[string]any)
				alarmed[refers(dimension["Value"].(string))] = true
			}
		}
		for _, id := range s.service.of("AWS::SQS::Queue") {
			q := s.service.Resources[id]
			if q.at("SqsManagedSseEnabled") != true {
				t.Errorf("%s is not encrypted", id)
			}
			reader, read := readers[id]
			if !read { // then it is where others end
				if !alarmed[id] {
					t.Errorf("%s is read by nobody and has no alarm", id)
				}
				if q.number("MessageRetentionPeriod") != 14*24*3600 {
					t.Errorf("%s forgets after %v s", id, q.at("MessageRetentionPeriod"))
				}
				continue
			}
			dead := refers(q.text("RedrivePolicy", "deadLetterTargetArn"))
			if !alarmed[dead] || q.number("RedrivePolicy", "maxReceiveCount") < 5 {
				t.Errorf("%s redrives by %v", id, q.at("RedrivePolicy"))
			}
			function := refers(reader.text("FunctionName"))
			if visibility, timeout := q.number("VisibilityTimeout"), s.service.Resources[function].number("Timeout"); visibility < 6*timeout {
				t.Errorf("%s hides a message for %v s; %s may take %v s", id, visibility, function, timeout)
			}
			for _, action := range []string{"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"} {
				if !allowed(s.service, roleOf(s.service, function), action, "${"+id+".Arn}") {
					t.Errorf("%s may not %s on %s", function, action, id)
				}
			}
		}
	})
}

// TestOnlyTLS: every queue, topic and bucket refuses plain text.
func TestOnlyTLS(t *testing.T) {
	eachSetting(t, func(t *testing.T, _ string, s synthesized) {
		refuses := map[string]bool{}
		for _, st := range s.service.statements() {
			plain, _ := st.conditions["Bool"].(map[string]any)
			if st.effect == "Deny" && plain["aws:SecureTransport"] == "false" {
				for _, on := range st.resources {
					refuses[refers(on)] = true
				}
			}
		}
		for _, kind := range []string{"AWS::SQS::Queue", "AWS::SNS::Topic", "AWS::S3::Bucket"} {
			for _, id := range s.service.of(kind) {
				if !refuses[id] {
					t.Errorf("%s takes plain text", id)
				}
			}
		}
	})
}

// TestNothingPublic: the only way in from outside is the ack screen's routes, and
// SMS to the team's number.
func TestNothingPublic(t *testing.T) {
	eachSetting(t, func(t *testing.T, setting string, s synthesized) {
		for _, kind := range []string{"AWS::Lambda::Url", "AWS::ApiGateway::RestApi", "AWS::ElasticLoadBalancingV2::LoadBalancer"} {
			if ids := s.service.of(kind); len(ids) > 0 {
				t.Errorf("%v are open", ids)
			}
		}
		for _, id := range s.service.of("AWS::Lambda::Permission") {
			p := s.service.Resources[id]
			switch p.text("Principal") {
			case "apigateway.amazonaws.com":
				if function := refers(p.text("FunctionName")); function != "Ack" && function != "Hook" || !strings.Contains(p.text("SourceArn"), "${AckApi}") {
					t.Errorf("%s: %v", id, p.Properties)
				}
			case "s3.amazonaws.com":
				if refers(p.text("FunctionName")) != "Inbox" || p.text("SourceAccount") != "${AWS::AccountId}" || p.text("SourceArn") == "" {
					t.Errorf("%s: %v", id, p.Properties)
				}
			case "sns.amazonaws.com":
				if p.text("SourceArn") != map[string]string{"Sms": "${InboundSms}", "Hook": "${AlarmsAlarms}"}[refers(p.text("FunctionName"))] {
					t.Errorf("%s: %v", id, p.Properties)
				}
			default:
				t.Errorf("%s lets %v in", id, p.at("Principal"))
			}
		}
		for _, st := range s.service.statements() {
			if st.effect != "Allow" || st.ofRole {
				continue
			}
			account, _ := st.conditions["StringEquals"].(map[string]any)
			source, _ := st.conditions["ArnEquals"].(map[string]any)
			for _, who := range st.principals {
				ours := account["aws:SourceAccount"] == "${AWS::AccountId}" || source["aws:SourceArn"] == "${InboundSms}" || source["aws:SourceArn"] == "${AlarmsAlarms}"
				if !strings.HasSuffix(who, ".amazonaws.com") || !ours {
					t.Errorf("%s lets %s in, by %v", st.where, who, st.conditions)
				}
			}
		}
		for _, id := range s.service.of("AWS::S3::Bucket") {
			b := s.service.Resources[id]
			for _, block := range []string{"BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"} {
				if b.at("PublicAccessBlockConfiguration", block) != true {
					t.Errorf("%s: %s is off", id, block)
				}
			}
		}

		var routes []string
		for _, id := range s.service.of("AWS::ApiGatewayV2::Route") {
			routes = append(routes, s.service.Resources[id].text("RouteKey"))
		}
		slices.Sort(routes)
		want := []string{"GET /a/{code}", "GET /health", "HEAD /a/{code}", "POST /a/{code}"}
		hooks := []string{"GET /beat/{code}", "HEAD /beat/{code}", "POST /beat/{code}", "POST /signal/{monitor}"}
		if setting == "whole" {
			want = append(want, hooks...)
			slices.Sort(want)
		}
		if !slices.Equal(routes, want) {
			t.Errorf("routes %v, want %v", routes, want)
		}
		for _, id := range s.service.of("AWS::ApiGatewayV2::Stage") {
			stage := s.service.Resources[id]
			if stage.number("DefaultRouteSettings", "ThrottlingRateLimit") <= 0 || stage.number("DefaultRouteSettings", "ThrottlingBurstLimit") <= 0 {
				t.Errorf("%s has no throttle", id)
			}
			if setting == "whole" { // theirs is their own, and may not speak of routes that are not there
				own, _ := stage.at("RouteSettings").(map[string]any)
				for _, key := range hooks {
					limits, _ := own[key].(map[string]any)
					if rate, _ := limits["ThrottlingRateLimit"].(float64); rate <= 0 || limits["ThrottlingBurstLimit"] == nil {
						t.Errorf("%s has no throttle of its own: %v", key, limits)
					}
				}
				for _, route := range s.service.of("AWS::ApiGatewayV2::Route") {
					if slices.Contains(hooks, s.service.Resources[route].text("RouteKey")) && !slices.Contains(stage.DependsOn, route) {
						t.Errorf("%s speaks of %s before it is there", id, route)
					}
				}
			}
			format := stage.text("AccessLogSettings", "Format")
			if !strings.Contains(format, "$context.routeKey") || strings.Contains(strings.ToLower(format), "path") {
				t.Errorf("the access log has the path, or no route: %s", format)
			}
		}
		for _, id := range s.service.of("AWS::ApiGatewayV2::Integration") {
			function := refers(s.service.Resources[id].text("IntegrationUri"))
			if took := s.service.Resources[function].number("Timeout") * 1000; took <= 0 || took >= s.service.Resources[id].number("TimeoutInMillis") {
				t.Errorf("the API gives up before %s, which may take %v ms", function, took)
			}
		}
	})
}

func TestTopics(t *testing.T) {
	eachSetting(t, func(t *testing.T, _ string, s synthesized) {
		for _, id := range s.service.of("AWS::SNS::Topic") {
			topic := s.service.Resources[id]
			if topic.at("DisplayName") != nil {
				t.Errorf("%s has a display name, which SNS puts before each SMS", id)
			}
			if topic.at("KmsMasterKeyId") != nil {
				t.Errorf("%s has a key, through which alarms cannot publish", id)
			}
		}
		for _, id := range s.service.of("AWS::SNS::Subscription") {
			r := s.service.Resources[id]
			filter, _ := json.Marshal(r.at("FilterPolicy"))
			if strings.HasPrefix(refers(r.text("TopicArn")), "Ops") {
				if string(filter) != "null" {
					t.Errorf("%s filters alarms, which have no attributes: %s", id, filter)
				}
				continue
			}
			if function := map[string]string{"InboundSms": "${Sms.Arn}", "AlarmsAlarms": "${Hook.Arn}"}[refers(r.text("TopicArn"))]; function != "" { // all that comes in is for the function
				if string(filter) != "null" || r.text("Endpoint") != function || s.service.Resources[refers(r.text("RedrivePolicy", "deadLetterTargetArn"))].Type != "AWS::SQS::Queue" {
					t.Errorf("%s: %v", id, r.Properties)
				}
				continue
			}
			if want := `{"channel":["` + r.text("Protocol") + `"]}`; string(filter) != want || r.text("FilterPolicyScope") != "MessageAttributes" {
				t.Errorf("%s filters by %s in %s, want %s", id, filter, r.text("FilterPolicyScope"), want)
			}
		}
	})
	endpoints := func(setting, topic string) []string {
		s := synthesize(t, setting).service
		var all []string
		for _, id := range s.of("AWS::SNS::Subscription") {
			if r := s.Resources[id]; refers(r.text("TopicArn")) == topic {
				all = append(all, r.text("Endpoint"))
			}
		}
		slices.Sort(all)
		return all
	}
	for _, test := range []struct {
		setting, topic string
		want           []string
	}{
		{"whole", "TopicAna", []string{"+13105550100", "ana@example.com"}},
		{"whole", "TopicBoLind4C2C1F", []string{"+13125550101"}},
		{"whole", "OpsRing", []string{"+13105550100", "ana@example.com"}},
		{"whole", "OpsTell", []string{"ana@example.com"}},
		{"bare", "OpsRing", []string{"+13125550101", "ana@example.com"}},
		{"bare", "OpsTell", []string{"+13125550101", "ana@example.com"}},
	} {
		if got := endpoints(test.setting, test.topic); !slices.Equal(got, test.want) {
			t.Errorf("%s: %s reaches %v, want %v", test.setting, test.topic, got, test.want)
		}
	}
}

// TestAlarms: they lead to people by a way that does not pass the router, and
// silence is an alarm.
func TestAlarms(t *testing.T) {
	eachSetting(t, func(t *testing.T, _ string, s synthesized) {
		silent := map[string]bool{}
		for _, id := range s.service.of("AWS::CloudWatch::Alarm") {
			a := s.service.Resources[id]
			actions := texts(a.at("AlarmActions"))
			if len(actions) != 1 || actions[0] != "${OpsRing}" && actions[0] != "${OpsTell}" || !slices.Equal(actions, texts(a.at("OKActions"))) {
				t.Errorf("%s leads to %v", id, actions)
			}
			if len(a.text("AlarmDescription")) < 80 {
				t.Errorf("%s does not say what it means and what to do: %q", id, a.text("AlarmDescription"))
			}
			metrics, _ := a.at("Metrics").([]any)
			for _, one := range metrics {
				metric := resource{Properties: one.(map[string]any)}
				if metric.text("MetricStat", "Metric", "MetricName") != "Invocations" {
					continue
				}
				dimension := metric.at("MetricStat", "Metric", "Dimensions").([]any)[0].(map[string]any)
				silent[refers(dimension["Value"].(string))] = true
				if a.text("TreatMissingData") != "breaching" || actions[0] != "${OpsRing}" {
					t.Errorf("%s: missing data is %s, and it leads to %s", id, a.text("TreatMissingData"), actions[0])
				}
			}
		}
		for _, id := range s.service.of("AWS::Scheduler::Schedule") {
			if function := refers(s.service.Resources[id].text("Target", "Arn")); !silent[function] {
				t.Errorf("nobody hears when %s falls silent", function)
			}
		}
		for _, topic := range []string{"OpsRing", "OpsTell"} {
			open := slices.ContainsFunc(s.service.statements(), func(st statement) bool {
				return st.effect == "Allow" && !st.ofRole && slices.Equal(st.principals, []string{"cloudwatch.amazonaws.com"}) && slices.Contains(st.resources, "${"+topic+"}")
			})
			if !open {
				t.Errorf("alarms may not publish to %s", topic)
			}
			if allowed(s.service, roleOf(s.service, "Router"), "sns:Publish", "${"+topic+"}") {
				t.Errorf("%s passes through the router", topic)
			}
		}
	})
}

func TestMail(t *testing.T) {
	for _, setting := range []string{"whole", "joined"} {
		s := synthesize(t, setting).service
		bucket := s.Resources["MailBucket"]
		if bucket.DeletionPolicy != "Retain" || bucket.at("BucketEncryption") == nil {
			t.Errorf("%s: the bucket is %s, encrypted by %v", setting, bucket.DeletionPolicy, bucket.at("BucketEncryption"))
		}
		told, _ := json.Marshal(bucket.at("NotificationConfiguration"))
		if want := `{"LambdaConfigurations":[{"Event":"s3:ObjectCreated:*","Filter":{"S3Key":{"Rules":[{"Name":"prefix","Value":"` + env.MailNew + `"}]}},"Function":"${Inbox.Arn}"}]}`; string(told) != want {
			t.Errorf("%s: the bucket tells %s", setting, told)
		}
		if !slices.ContainsFunc(bucket.DependsOn, func(id string) bool { return s.Resources[id].text("Principal") == "s3.amazonaws.com" }) {
			t.Errorf("%s: the bucket may be made before it may tell the inbox: %v", setting, bucket.DependsOn)
		}
		for _, rule := range bucket.at("LifecycleConfiguration", "Rules").([]any) {
			if r := (resource{Properties: rule.(map[string]any)}); r.at("ExpirationInDays") != nil && r.text("Prefix") != env.MailRead {
				t.Errorf("%s: unread mail expires: %v", setting, rule)
			}
		}

		rule := s.Resources[s.of("AWS::SES::ReceiptRule")[0]]
		action := rule.at("Rule", "Actions").([]any)[0].(map[string]any)["S3Action"]
		if want := map[string]any{"BucketName": "${MailBucket}", "ObjectKeyPrefix": env.MailNew}; !reflect.DeepEqual(action, want) {
			t.Errorf("%s: SES does %v, want %v", setting, action, want)
		}
		ruleSet := rule.text("RuleSetName")
		if setting == "joined" && ruleSet != "support" {
			t.Errorf("the rule joins %s", ruleSet)
		}
		if !slices.ContainsFunc(rule.DependsOn, func(id string) bool { return s.Resources[id].Type == "AWS::S3::BucketPolicy" }) {
			t.Errorf("%s: SES may try the bucket before it may write: %v", setting, rule.DependsOn)
		}
		for _, st := range s.statements() {
			if !slices.Contains(st.principals, "ses.amazonaws.com") {
				continue
			}
			source, _ := st.conditions["ArnLike"].(map[string]any)
			if want := "arn:${AWS::Partition}:ses:${AWS::Region}:${AWS::AccountId}:receipt-rule-set/" + ruleSet + ":receipt-rule/*"; source["aws:SourceArn"] != want {
				t.Errorf("%s: SES may write for %v, want %s", setting, source, want)
			}
		}
	}
}

func TestTags(t *testing.T) {
	s := synthesize(t, "whole")
	for _, stack := range []template{s.table, s.service} {
		for id, r := range stack.Resources {
			tags, _ := json.Marshal(r.at("Tags"))
			if string(tags) != "null" && (!strings.Contains(string(tags), "Newsroom") || !strings.Contains(string(tags), "rouse")) {
				t.Errorf("%s has the tags %s", id, tags)
			}
			switch r.Type {
			case "AWS::Lambda::Function", "AWS::SQS::Queue", "AWS::SNS::Topic", "AWS::S3::Bucket", "AWS::DynamoDB::Table", "AWS::IAM::Role", "AWS::CloudWatch::Alarm":
				if string(tags) == "null" {
					t.Errorf("%s has no tags", id)
				}
			}
		}
	}
	if got := tagValue(`Zoë's "News" <24/7>`); got != "Zoë-s -News- -24/7-" {
		t.Errorf("tag %q", got)
	}
}
