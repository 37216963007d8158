using Statecast.Serialization.Avro.Registry;
using Xunit;

namespace Statecast.Tests.Serialization.Avro.Registry;

public sealed class SchemaRegistryOptionsTests
{
    [Fact]
    public void Address_alone_is_enough()
    {
        Assert.Null(Options(_ => { }).FindProblem());
        Assert.Null(Options(o => o.Urls[0] = "https://registry.example/apis/ccompat/v7/").FindProblem());
        Assert.Null(new SchemaRegistryOptions { Directory = "schemas" }.FindProblem());
    }

    public static TheoryData<string, Action<SchemaRegistryOptions>> Problems =>
        new()
        {
            { "Urls is empty and Directory is not set", o => o.Urls.Clear() },
            { "Urls and Directory are both set", o => o.Directory = "schemas" },
            { "Urls[1] is no address", o => o.Urls.Add("localhost:8081") },
            { "Urls[1] is no address", o => o.Urls.Add("http://localhost:8081?key=s3cr3t") },
            { "Urls[1] is no address", o => o.Urls.Add("file:///etc/passwd") },
            { "User and Password belong together", o => o.User = "a" },
            { "User and Password belong together", o => o.Password = "s3cr3t" },
            { "contains a colon", o => (o.User, o.Password) = ("a:b", "s3cr3t") },
            { "keep one", o => (o.User, o.Password, o.BearerToken) = ("a", "s3cr3t", "s3cr3t") },
            { "keep one", o => o.UseBearerToken(_ => new("s3cr3t")).BearerToken = "s3cr3t" },
            {
                "keep one",
                o =>
                {
                    o.Urls.Add("http://a:s3cr3t@b");
                    o.BearerToken = "s3cr3t";
                }
            },
            {
                "keep User",
                o =>
                {
                    o.Urls.Add("http://a:s3cr3t@b");
                    (o.User, o.Password) = ("a", "s3cr3t");
                }
            },
            { "CaCertificateFile is '/nowhere.pem', and there is no such file", o => o.CaCertificateFile = "/nowhere.pem" },
            { "ClientCertificateFile is '/nowhere.pem'", o => o.ClientCertificateFile = "/nowhere.pem" },
            { "ClientKeyFile is set without", o => o.ClientKeyFile = typeof(SchemaRegistryOptions).Assembly.Location },
            { "RequestTimeout is 00:00:00", o => o.RequestTimeout = TimeSpan.Zero },
            { "Patience is -00:00:01", o => o.Patience = TimeSpan.FromSeconds(-1) },
            { "AskAgain is 00:00:00", o => o.AskAgain = TimeSpan.Zero },
            { "MaxAnswerBytes is 1;", o => o.MaxAnswerBytes = 1 },
            { "MaxSchemas is 0;", o => o.MaxSchemas = 0 },
        };

    [Theory, MemberData(nameof(Problems))]
    public void Problem_is_named_and_no_secret(string problem, Action<SchemaRegistryOptions> configure)
    {
        var found = Options(configure).FindProblem();
        Assert.Contains(problem, found, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cr3t", found, StringComparison.Ordinal);
    }

    private static SchemaRegistryOptions Options(Action<SchemaRegistryOptions> configure)
    {
        var options = new SchemaRegistryOptions { Urls = { "http://localhost:8081" } };
        configure(options);
        return options;
    }
}
