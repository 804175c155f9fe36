package main

import (
	"encoding/json"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsapigatewayv2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsapigatewayv2integrations"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscertificatemanager"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"rouse/shared/config"
)

// acknowledging serves the ack screen: the one thing here that is open to
// everybody, and so a function of its own behind a throttle, where a flood
// cannot starve the router.
type acknowledging struct {
	scope constructs.Construct
	api   awsapigatewayv2.HttpApi
	stage awsapigatewayv2.CfnStage
	url   *string // where the screens are, without a trailing slash
}

// What the screens take in all: some dozens of people who tap at once, and no
// more of a flood than a month's bill can bear.
const (
	requestsPerSecond = 25
	requestsBurst     = 50
)

// newAcknowledging makes the API, whose address the router writes into pages;
// run adds the function behind it.
func newAcknowledging(scope constructs.Construct, links config.Links) *acknowledging {
	a := &acknowledging{scope: constructs.NewConstruct(scope, jsii.String("Acknowledging"))}
	a.api = awsapigatewayv2.NewHttpApi(a.scope, jsii.String("Api"), &awsapigatewayv2.HttpApiProps{
		ApiName:            awscdk.Stack_Of(a.scope).StackName(), // a label, not an identity
		Description:        jsii.String("The ack screen"),
		CreateDefaultStage: jsii.Bool(false), // ours has a throttle and a log
	})
	name(a.api, "AckApi")

	requests := awslogs.NewLogGroup(a.scope, jsii.String("Requests"), &awslogs.LogGroupProps{
		Retention:     awslogs.RetentionDays_ONE_MONTH,
		RemovalPolicy: awscdk.RemovalPolicy_DESTROY,
	})
	a.stage = awsapigatewayv2.NewCfnStage(a.scope, jsii.String("Stage"), &awsapigatewayv2.CfnStageProps{
		ApiId:      a.api.ApiId(),
		StageName:  jsii.String("$default"),
		AutoDeploy: jsii.Bool(true),
		DefaultRouteSettings: &awsapigatewayv2.CfnStage_RouteSettingsProperty{
			ThrottlingRateLimit:  jsii.Number(requestsPerSecond),
			ThrottlingBurstLimit: jsii.Number(requestsBurst),
		},
		AccessLogSettings: &awsapigatewayv2.CfnStage_AccessLogSettingsProperty{
			DestinationArn: requests.LogGroupArn(),
			Format:         jsii.String(accessLogFormat()),
		},
	})
	a.url = a.api.ApiEndpoint()
	if links.Domain != "" {
		a.url = a.shorten(links.Domain, a.stage)
	}
	awscdk.NewCfnOutput(a.scope, jsii.String("Url"), &awscdk.CfnOutputProps{
		Description: jsii.String("Where the links in pages lead"),
		Value:       a.url,
	}).OverrideLogicalId(jsii.String("AckUrl"))
	return a
}

// accessLogFormat is what is kept of a request. It has the route and never
// the path, which holds the code that acknowledges.
func accessLogFormat() string {
	format, err := json.Marshal(map[string]string{
		"requestId":   "$context.requestId",
		"requestTime": "$context.requestTime",
		"sourceIp":    "$context.identity.sourceIp",
		"routeKey":    "$context.routeKey",
		"status":      "$context.status",
		"latencyMs":   "$context.responseLatency",
		"error":       "$context.integrationErrorMessage",
	})
	if err != nil {
		panic(err) // a map of strings is always JSON
	}
	return string(format)
}

// shorten serves the screens under the team's own short domain. The deployment
// waits until the domain's DNS has the record with which ACM proves ownership,
// so that no page ever carries a link that leads nowhere.
func (a *acknowledging) shorten(domain string, stage awsapigatewayv2.CfnStage) (url *string) {
	certificate := awscertificatemanager.NewCertificate(a.scope, jsii.String("Certificate"), &awscertificatemanager.CertificateProps{
		DomainName: jsii.String(domain),
		Validation: awscertificatemanager.CertificateValidation_FromDns(nil),
	})
	name := awsapigatewayv2.NewDomainName(a.scope, jsii.String("Domain"), &awsapigatewayv2.DomainNameProps{
		DomainName:     jsii.String(domain),
		Certificate:    certificate,
		SecurityPolicy: awsapigatewayv2.SecurityPolicy_TLS_1_2,
	})
	awsapigatewayv2.NewCfnApiMapping(a.scope, jsii.String("Mapping"), &awsapigatewayv2.CfnApiMappingProps{
		ApiId:      a.api.ApiId(),
		DomainName: name.Name(),
		Stage:      stage.Ref(),
	})
	awscdk.NewCfnOutput(a.scope, jsii.String("Cname"), &awscdk.CfnOutputProps{
		Description: jsii.String("Point links.domain here with a CNAME record"),
		Value:       name.RegionalDomainName(),
	}).OverrideLogicalId(jsii.String("AckCname"))
	return jsii.String("https://" + domain)
}

func (a *acknowledging) run(s *service) {
	ack := s.newFunction(a.scope, spec{
		id:             "Ack",
		name:           "ack",
		does:           "Shows the ack screen and does what its buttons say",
		memoryMB:       512, // somebody is waiting, awake because of us
		timeoutSeconds: 10,  // the API would wait for 30
	})
	a.serve("Ack", ack,
		route{"/a/{code}", []awsapigatewayv2.HttpMethod{awsapigatewayv2.HttpMethod_GET, awsapigatewayv2.HttpMethod_HEAD, awsapigatewayv2.HttpMethod_POST}},
		route{"/health", []awsapigatewayv2.HttpMethod{awsapigatewayv2.HttpMethod_GET}})

	// Whoever cannot acknowledge is not the last to be paged, so that this
	// wakes nobody besides.
	s.ops.alarm(a.scope, "Failing", s.ops.tell, &awscloudwatch.AlarmProps{
		AlarmDescription: jsii.String("Somebody got an error from the ack screen and may be unable to stop the paging, or a monitor got one from the hook. Look at the log groups of ack and hook; meanwhile `rouse ack` acknowledges from a terminal."),
		Metric: a.api.MetricServerError(&awscloudwatch.MetricOptions{
			Period:    awscdk.Duration_Minutes(jsii.Number(1)),
			Statistic: jsii.String("Sum"),
		}),
		Threshold:          jsii.Number(1),
		ComparisonOperator: awscloudwatch.ComparisonOperator_GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
		EvaluationPeriods:  jsii.Number(1),
		// No requests, no data: quiet nights are most nights.
		TreatMissingData: awscloudwatch.TreatMissingData_NOT_BREACHING,
	})
}

// A route is a path of the API and the methods that it takes.
type route struct {
	path    string
	methods []awsapigatewayv2.HttpMethod
}

// serve has the function answer the routes.
func (a *acknowledging) serve(id string, function awslambda.Function, routes ...route) (made []awsapigatewayv2.HttpRoute) {
	integration := awsapigatewayv2integrations.NewHttpLambdaIntegration(jsii.String(id), function, &awsapigatewayv2integrations.HttpLambdaIntegrationProps{
		PayloadFormatVersion: awsapigatewayv2.PayloadFormatVersion_VERSION_2_0(),
		Timeout:              awscdk.Duration_Seconds(jsii.Number(29)),
	})
	for _, r := range routes {
		added := a.api.AddRoutes(&awsapigatewayv2.AddRoutesOptions{Path: jsii.String(r.path), Methods: &r.methods, Integration: integration})
		made = append(made, *added...)
	}
	return made
}

// throttle gives each of the routes a throttle of its own, which takes nothing
// from the others'.
func (a *acknowledging) throttle(routes []awsapigatewayv2.HttpRoute, perSecond, burst float64) {
	settings := map[string]any{}
	for _, r := range routes {
		plain := r.Node().DefaultChild().(awsapigatewayv2.CfnRoute)
		settings[*plain.RouteKey()] = map[string]any{"ThrottlingRateLimit": perSecond, "ThrottlingBurstLimit": burst}
		a.stage.AddResourceDependency(plain, nil) // it may not speak of routes that are not there yet
	}
	a.stage.SetRouteSettings(settings)
}
