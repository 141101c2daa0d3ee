<?php
$config = [
    'people' => [
        'exampleauth:UserPass',
        'ann:secret' => ['uid' => ['ann'], 'mail' => ['ann@example.test'], 'displayName' => ['Ann Example'], 'groups' => ['staff', 'member']],
    ],
];
